import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { assertDocumented } from '../../docs/json-schemas.ts';
import { autoscaler, type Ended } from '../built.ts';
import { makeFolder, recordHost } from '../recorded-host.ts';

let folder: string;
beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => rmSync(folder, { recursive: true }));

const history = (config: string, ...args: string[]): Ended =>
  autoscaler(['--config', config, 'history', ...args], { LC_ALL: 'C.UTF-8' });

const SHAPE = { cpu: [0, 50, 100, 50], change: { to: 3, result: 'applied' as const } };

describe('history', () => {
  test('shows each series with its span, and the changes with their reasons', () => {
    const { config } = recordHost(folder, SHAPE);
    const { code, stdout } = history(config, '--since', '7m');
    assert.equal(code, 0);
    assert.match(stdout, /: 4 samples, 1 change\n/);
    assert.match(stdout, /^host cpu % +0 +50 +100 +50 +▁ *▅ *█ *▅$/m);
    assert.match(stdout, /^shop workers +2 +2 +2 +2 /m);
    assert.match(stdout, /^.*\d\d:\d\d +shop +2 → 3 +scale_up +cpu 90 % > 60 % <for>/m);
  });

  test('a young host: it begins at the first sample, not at an empty day', () => {
    const { config } = recordHost(folder, SHAPE);
    const { stdout } = history(config);
    assert.match(
      stdout,
      /^since [^,]*\d\d:\d\d, the first sample \([67] m [^)]*\): 4 samples, 1 change$/m,
    );
    // the line of each series is as wide as what was recorded
    assert.match(stdout, /^host cpu % +0 +50 +100 +50 +▁ +▅ +█ +▅$/m);
    const all = JSON.parse(history(config, '--json').stdout) as { since: string };
    assert.ok(Date.now() - Date.parse(all.since) > 23 * 3_600_000);
  });

  test('large memory is told in GB', () => {
    const { config } = recordHost(folder, SHAPE);
    assert.match(history(config).stdout, /^host memory GB +2\.9 +2\.9 +2\.9 +2\.9 /m);
  });

  test('tells only of the time and the project that are asked for', () => {
    const { config } = recordHost(folder, { ...SHAPE, projects: ['shop', 'other'] });
    const { stdout } = history(config, '--since', '4m', '--project', 'other', '--json');
    const { v, samples, changes } = assertDocumented('history', stdout) as {
      v: number;
      samples: { services: object }[];
      changes: { project: string }[];
    };
    assert.deepEqual([v, samples.length, changes.length], [2, 2, 1]);
    assert.deepEqual(Object.keys(samples[0]!.services), ['other.service']);
    assert.equal(changes[0]?.project, 'other');
  });

  test('CSV has a row for each project of each sample and for each change; no cell is a formula', () => {
    const { config } = recordHost(folder, { ...SHAPE, projects: ['a,"b', '=1+1'] });
    const { stdout } = history(config, '--csv');
    const rows = stdout.trimEnd().split('\r\n');
    assert.equal(rows.length, 1 + 4 * 2 + 2);
    assert.equal(
      new Set(rows.map((row) => row.replace(/"[^"]*(?:""[^"]*)*"/g, '').split(',').length)).size,
      1,
    );
    assert.ok(stdout.includes(',"a,""b",') && stdout.includes(",'=1+1,"));
  });

  test('says that nothing was recorded', () => {
    const { config } = recordHost(folder, { cpu: [] });
    const { code, stdout } = history(config);
    assert.equal(code, 0);
    assert.match(stdout, /^Nothing was recorded in this period\.$/m);
  });

  test('in a pipe it may be searched', () => {
    const { config } = recordHost(folder, { ...SHAPE, projects: ['x'.repeat(30)] });
    assert.match(history(config).stdout, new RegExp(`^.* ${'x'.repeat(30)} .*needs 6 m`, 'm'));
  });

  for (const since of ['yesterday', '5', '2026-02-30', '2999-01-01', '-1h', '']) {
    test(`--since ${JSON.stringify(since)} is wrong usage`, () => {
      const { code, stderr } = history(recordHost(folder, SHAPE).config, `--since=${since}`);
      assert.equal(code, 64);
      assert.match(stderr, /expected a (?:duration|time in the past)/);
    });
  }
  test('a project that there is not is wrong usage', () =>
    assert.equal(history(recordHost(folder, SHAPE).config, '--project', 'x').code, 64));
});
