import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { EXIT } from '../../src/errors.ts';
import { CONTROLS } from '../output/hostile-text.ts';
import { writeConfig } from '../config/write-config.ts';
import { autoscaler, MAIN } from './built.ts';

const folder = mkdtempSync(join(tmpdir(), 'autoscaler-failures-'));
after(() => rmSync(folder, { recursive: true }));

function configWith(logFile: string): string {
  const places = { state_dir: join(folder, 'state'), backup_dir: join(folder, 'backups') };
  const global = { log_file: logFile, ...places };
  return writeConfig(JSON.stringify({ projects: {}, global }));
}

describe('a log file', () => {
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  const rows: [name: string, file: string, code: number, told: RegExp][] = [
    ['that is a folder: 78', folder, EXIT.config, /expected a log file: EISDIR/],
    ['below a file: 78', join(MAIN, 'x.log'), EXIT.config, /expected a log file: E/],
    ['that is a pipe nobody reads: 78, at once', join(folder, 'pipe'), EXIT.config, /ENXIO/],
    [
      'on a full disk keeps nothing from being done',
      '/dev/full',
      EXIT.ok,
      /the log file cannot be written: EN/,
    ],
  ];
  for (const [name, file, expected, told] of rows) {
    test(name, () => {
      const { code, stdout, stderr } = autoscaler(['--config', configWith(file), 'run']);
      assert.match(stderr, told);
      assert.equal(code, expected);
      assert.equal(stdout !== '', expected === EXIT.ok);
    });
  }

  test('in a folder that is not there yet is made, for its owner and group alone', () => {
    const file = join(folder, 'new/deep/a.log');
    assert.equal(autoscaler(['--config', configWith(file), 'run']).code, EXIT.ok);
    assert.match(execFileSync('stat', ['-c', '%a', file], { encoding: 'utf8' }), /^640/);
  });
});

describe('a result that nobody takes', () => {
  const shell = (command: string): { status: number | null; stderr: string } =>
    spawnSync('bash', ['-c', command, process.execPath, MAIN], { encoding: 'utf8' });

  test('a reader that has gone away is no error', () => {
    const { status, stderr } = shell('set -o pipefail; "$0" "$1" --help | true');
    assert.deepEqual({ status, stderr }, { status: EXIT.ok, stderr: '' });
  });

  test('one of the messages neither: the exit code stays', () => {
    const { status } = shell(
      'set -o pipefail; "$0" "$1" --config /none run 2>&1 >/dev/null | true',
    );
    assert.equal(status, EXIT.config);
  });

  test('a full disk is one: 1, in one line', () => {
    const { status, stderr } = shell('"$0" "$1" --help > /dev/full');
    assert.match(stderr, /^autoscaler: the result cannot be written: ENOSPC[^\n]*\n$/);
    assert.equal(status, EXIT.failed);
  });
});

describe('an error beside the command', () => {
  // a library's event, that is: thrown where nobody waits for it
  const throwing = `--import=data:text/javascript,${encodeURIComponent(
    'setTimeout(() => { throw new Error("\\x1b]0;owned\\x07\\u202e" + "x".repeat(1e6)) })',
  )}`;

  test('is printed by us: cut, without what a terminal obeys', () => {
    const args = ['--config', configWith(join(folder, 'bug.log')), 'simulate', '--samples', '-'];
    const { code, stderr } = autoscaler(args, { NODE_OPTIONS: throwing });
    assert.equal(code, EXIT.failed);
    assert.match(stderr, /^autoscaler: this is a bug in autoscaler.*\nError: \\u001b\]0;owned/m);
    assert.doesNotMatch(stderr.replaceAll('\n', ''), CONTROLS);
    assert.ok(stderr.length < 21_000, `${stderr.length} characters`);
  });
});
