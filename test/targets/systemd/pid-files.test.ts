import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { listAwaited } from '../../../src/targets/systemd/pid-files.ts';

describe('a service that waits for its PID file', () => {
  const block = (type: string, pidFile: string, main: number, control: number, id = 'a.service') =>
    `Type=${type}\nPIDFile=${pidFile}\nMainPID=${main}\nControlPID=${control}\nId=${id}\n`;
  const ROWS: [rule: string, answer: string, expected: boolean][] = [
    ['nothing starts', '', false],
    ['its start command has ended, the daemon is not known', block('forking', '/p', 0, 0), true],
    ['its start command still runs', block('forking', '/p', 0, 7), false],
    ['the same of one that we start ourselves', block('forking', '/p', 0, 7, 'ours.service'), true],
    ['ours, without a PID file', block('forking', '', 0, 7, 'ours.service'), false],
    ['its daemon is known, another command runs', block('forking', '/p', 8, 0), false],
    ['without a PID file', block('forking', '', 0, 0), false],
    ['a oneshot between two commands', block('oneshot', '/p', 0, 0), false],
    [
      'one of several',
      `${block('oneshot', '', 9, 0)}\n${block('forking', '/p', 0, 0)}\n${block('notify', '', 3, 0)}`,
      true,
    ],
  ];
  for (const [rule, answer, expected] of ROWS) {
    test(rule, () => {
      const awaited = listAwaited(answer, new Set(['ours.service']));
      assert.equal(awaited.length > 0, expected);
    });
  }
});
