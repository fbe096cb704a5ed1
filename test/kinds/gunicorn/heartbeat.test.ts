import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { hasBooted } from '../../../src/kinds/gunicorn/heartbeat.ts';

/** Nameless files as Gunicorn makes them; each is left as it is made, or touched by one of the two kinds of beat. */
const PROGRAM = `
import os, sys, tempfile, time
start = int(open('/proc/self/stat').read().rsplit(')', 1)[1].split()[19]) / 100
for beat in sys.argv[1:]:
    fd, name = tempfile.mkstemp(prefix='wgunicorn-')
    os.unlink(name)
    if beat == 'mode': os.fchmod(fd, 0)
    if beat == 'at-start': os.utime(fd, (start, start))
    if beat == 'later': os.utime(fd, (start + 1, start + 1))
    if beat == 'before': os.utime(fd, (start - 1, start - 1))
print('ready', flush=True)
sys.stdin.read()
`;

describe('a Gunicorn worker has loaded its application', () => {
  const ROWS: [rule: string, beats: string[], expected: boolean | null][] = [
    ['not while its file is as it was made', ['none'], false],
    ['when the mode has changed (up to 20)', ['mode'], true],
    ['when the time is that of the boot clock (later)', ['later'], true],
    ['also in the same hundredth of a second as its start', ['at-start'], true],
    ['not by the beat of an older worker, whose file it still has', ['before', 'none'], false],
    [
      'beside the file of an older worker, only by a beat after its start',
      ['before', 'later'],
      true,
    ],
    ['without such a file nothing is known', [], null],
  ];
  for (const [rule, beats, expected] of ROWS) {
    test(rule, async () => {
      const worker = spawn('/usr/bin/python3', ['-c', PROGRAM, ...beats], { stdio: 'pipe' });
      await once(worker.stdout, 'data');
      assert.equal(hasBooted(worker.pid ?? 0), expected);
      worker.stdin.end();
      await once(worker, 'close');
    });
  }
});
