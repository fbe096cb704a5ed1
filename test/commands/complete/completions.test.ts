import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { autoscaler, MAIN } from '../built.ts';
import { makeFolder } from '../recorded-host.ts';

const SCRIPT = fileURLToPath(
  new URL('../../../dist/share/completions/autoscaler.bash', import.meta.url),
);
const STEPS = { max_workers: 2, cpu_thresholds: { scale_up_2: 80 } };

describe('completion of projects', () => {
  let folder: string;
  let config: string;
  before(() => {
    folder = makeFolder();
    config = join(folder, 'config.json');
    const projects = { shop: STEPS, 'shop two': { ...STEPS, service_name: 'b' }, mail: STEPS };
    writeFileSync(config, JSON.stringify({ projects }), { mode: 0o640 });
    mkdirSync(join(folder, 'bin'));
    const program = (name: string, text: string): void => {
      writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${text}\n`);
      chmodSync(join(folder, 'bin', name), 0o755);
    };
    program('autoscaler', `exec ${process.execPath} ${MAIN} "$@"`);
    // what systemd would list
    program('systemctl', 'echo "shop.service loaded active running Shop"');
  });
  after(() => rmSync(folder, { recursive: true }));

  /** What bash offers for the last word. */
  function complete(env: Record<string, string>, ...words: string[]): string[] {
    const quoted = ['autoscaler', ...words].map((word) => `'${word}'`).join(' ');
    const script = `. ${SCRIPT}; COMP_WORDS=(${quoted}); COMP_CWORD=${words.length}; _autoscaler; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const PATH = `${join(folder, 'bin')}:${process.env['PATH']}`;
    const { stdout } = spawnSync('bash', ['-c', script], {
      encoding: 'utf8',
      env: { PATH, ...env },
    });
    return stdout.trimEnd().split('\n');
  }

  test('the names, one a line; not in --help', () => {
    const { code, stdout } = autoscaler(['--config', config, 'complete', 'projects']);
    assert.deepEqual([code, stdout], [0, 'shop\nshop two\nmail\n']);
    assert.doesNotMatch(autoscaler(['--help']).stdout, /complete/);
  });

  const usual = () => ({ AUTOSCALER_CONFIG: config });
  test('where a project is wanted: those of the config, as the shell reads them', () => {
    assert.deepEqual(complete(usual(), 'explain', 'sh'), ['shop', 'shop\\ two']);
    assert.deepEqual(complete(usual(), 'enable', 'shop', 'm'), ['mail']);
    assert.deepEqual(complete(usual(), 'history', '--project', 'ma'), ['mail']);
    assert.deepEqual(complete({}, '--config', config, 'pause', 'ma'), ['mail']);
  });
  test('where a service does as well, the units too', () => {
    const offered = complete(usual(), 'scale', 'shop');
    assert.deepEqual(offered, ['shop', 'shop\\ two', 'shop.service']);
  });
  test('without a config that can be read: the units, which name projects too', () => {
    assert.deepEqual(complete({ AUTOSCALER_CONFIG: '/none' }, 'explain', 'sh'), ['shop.service']);
  });
});
