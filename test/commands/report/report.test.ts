import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { autoscaler, type Ended } from '../built.ts';
import { makeFolder, recordHost } from '../recorded-host.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = makeFolder();
  file = join(folder, 'report.html');
});
afterEach(() => rmSync(folder, { recursive: true }));

const SHAPE = { cpu: [50, 90, 90], change: { to: 3, result: 'undone' as const } };

const report = (config: string, ...args: string[]): Ended =>
  autoscaler(['--config', config, 'report', ...args]);

describe('report', () => {
  test('writes a page and says what is in it; an older one is replaced', () => {
    const { config } = recordHost(folder, SHAPE);
    for (let i = 0; i < 2; i++) {
      const { code, stdout } = report(config, '--output', file);
      assert.equal(code, 0);
      assert.match(stdout, /report\.html: 3 samples, 1 change(?:s)?, \d+ kB$/m);
    }
    assert.match(readFileSync(file, 'utf8'), /scale_up undone: cpu 90 % &gt; 60 % &lt;for&gt;/);
  });

  test('begins at the first sample; one thing is no things; large memory is in GB', () => {
    const { config } = recordHost(folder, { cpu: [50], keys: { memory_threshold_mb: 2048 } });
    const { stdout } = report(config, '--output', '-');
    assert.match(stdout, /\(\d+ s\), 1 sample, 0 changes<\/p>/);
    assert.match(stdout, /Memory available <b>2\.9 GB<\/b>/);
    assert.match(stdout, />2\.0 GB must remain</);
  });

  test('replaces no other file, unless it is told to', () => {
    const { config } = recordHost(folder, SHAPE);
    writeFileSync(file, '<!doctype html><p>mine');
    const refused = report(config, '--output', file);
    assert.equal(refused.code, 64);
    assert.match(refused.stderr, /already exists and is not a report\n.*--force/);
    assert.equal(readFileSync(file, 'utf8'), '<!doctype html><p>mine');
    assert.equal(report(config, '--output', file, '--force').code, 0);
  });

  test('what cannot be written is told, and nothing half-way is left', () => {
    const { config } = recordHost(folder, SHAPE);
    mkdirSync(join(folder, 'dir'));
    symlinkSync('/nowhere/at/all', join(folder, 'link'));
    for (const output of ['none/r.html', 'config.json/r.html', 'dir']) {
      const { code, stderr } = report(config, '--force', '--output', join(folder, output));
      assert.equal(code, 77, output);
      assert.match(stderr, /the report cannot be written/);
    }
  });

  test('- is standard output', () => {
    const { stdout } = report(recordHost(folder, SHAPE).config, '--output', '-');
    assert.ok(stdout.startsWith('<!doctype html>') && stdout.trimEnd().endsWith('</html>'));
  });

  test('nothing of a project runs as a script or reaches the network', () => {
    const projects = ['<script>alert(1)</script>', '"onload="x'];
    const { stdout } = report(recordHost(folder, { ...SHAPE, projects }).config, '--output', '-');
    assert.doesNotMatch(stdout, /<script|"onload=|https?:\/\//);
  });

  test('a time without samples, and a project without any, are told', () => {
    const { config } = recordHost(folder, { cpu: [] });
    const { code, stdout } = report(config, '--output', '-');
    assert.equal(code, 0);
    assert.match(stdout, /Nothing was recorded in this period[^]*No samples of it/);
  });

  test('--since nonsense is wrong usage', () =>
    assert.equal(report(recordHost(folder, SHAPE).config, '--since', 'x').code, 64));

  test('a week of 50 projects is a page below 2 MB', () => {
    const projects = Array.from({ length: 50 }, (_, index) => `project-${index}`);
    const cpu = Array.from({ length: 720 }, (_, index) => 50 + 45 * Math.sin(index * 12.9898));
    const { config } = recordHost(folder, { projects, cpu, seconds: 840 });
    const { code, stdout } = report(config, '--output', file, '--since', '8d');
    assert.equal(code, 0);
    const size = Number(/(\d+) kB/.exec(stdout)?.[1]);
    assert.ok(size > 100 && size < 2000, `${size} kB`);
  });
});
