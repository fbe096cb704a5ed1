import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isAwaitedIn } from '../../src/systemd/pid-files.ts';

describe('a service that waits for its PID file', () => {
  const block = (type: string, pidFile: string, main: number, control: number) =>
    `Type=${type}\nPIDFile=${pidFile}\nMainPID=${main}\nControlPID=${control}\nId=a.service\n`;
  const ROWS: [rule: string, answer: string, expected: boolean][] = [
    ['nothing starts', '', false],
    ['its start command has ended, the daemon is not known', block('forking', '/p', 0, 0), true],
    ['its start command still runs', block('forking', '/p', 0, 7), false],
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
    test(rule, () => assert.equal(isAwaitedIn(answer), expected));
  }
});
