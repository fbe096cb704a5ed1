import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { checkFileSystem, checkFlock, checkLock } from '../../../src/commands/check/locks.ts';
import { accuse, adviseOn, nameHolders } from '../../../src/commands/shared/lock-advice.ts';
import { acquireLock } from '../../../src/state/lock.ts';
import type { Holder } from '../../../src/state/lock-holders.ts';

let dir: string;
let path: string;
before(() => {
  dir = mkdtempSync(join(tmpdir(), 'autoscaler-check-locks-'));
  path = join(dir, 'lock');
});
after(() => rmSync(dir, { recursive: true }));

const told = (nowMs = Date.now()) => checkLock(path, nowMs);

describe('what check says of a lock', () => {
  test('nothing where it was never taken, or is free', () => {
    assert.deepEqual(told(), []);
    acquireLock(path)?.release();
    assert.deepEqual(told(), []);
  });

  test('that it is held is no fault for ten minutes; then it is one, with how long and what to do', () => {
    const lock = acquireLock(path);
    const own = `process ${process.pid} `;
    const [young, ...rest] = told();
    assert.deepEqual([young?.code, young?.severity, rest], ['lock_held', 'info', []]);
    assert.ok(young?.evidence.includes(own), young?.evidence);
    const [old] = told(Date.now() + 2 * 3_600_000);
    assert.deepEqual([old?.code, old?.severity], ['lock_held_long', 'warning']);
    assert.match(old?.evidence ?? '', /, for 2 h(?: \d+ m)?: /);
    assert.match(
      old?.remedy ?? '',
      new RegExp(`ps .* -p ${process.pid}\\).*kill -9 ${process.pid} `),
    );
    lock?.release();
  });

  test('that others can open it is a warning; the next that takes it mends that', () => {
    chmodSync(path, 0o640);
    const [open, ...rest] = told();
    assert.deepEqual([open?.code, open?.severity, rest], ['lock_open', 'warning', []]);
    assert.match(open?.evidence ?? '', /mode 640/);
    acquireLock(path)?.release();
    assert.deepEqual(told(), []);
  });

  test('a file system of a server is a warning', () => {
    assert.equal(checkFileSystem(path, 0x6969)[0]?.code, 'lock_remote');
    assert.match(checkFileSystem(path, 0xff534d42)[0]?.evidence ?? '', /is on SMB/);
    assert.deepEqual(checkFileSystem(path, 0xef53), []);
  });

  test('flock is there', () => {
    assert.deepEqual(checkFlock(), []);
  });
});

describe('holders in words', () => {
  const root: Holder = {
    ...{ pid: 7, uid: 0, isStranger: false, isStopped: false },
    ...{ sinceMs: Date.UTC(2026, 10, 24, 4, 4, 15), command: 'node /usr/bin/autoscaler run' },
  };
  const alice = { ...root, pid: 8, uid: 1001, isStranger: true, command: 'python3' };
  const when = 'since 2026-11-24 04:04:15 UTC';
  const rows: [name: string, holders: Holder[], named: string, advice: RegExp][] = [
    [
      'a run',
      [root],
      `process 7 (${when}: node /usr/bin/autoscaler run)`,
      /^Wait until .*kill -9 7 /,
    ],
    [
      'one that was stopped',
      [{ ...root, isStopped: true }],
      `process 7 (${when}, stopped: node /usr/bin/autoscaler run)`,
      /kill -CONT 7$/,
    ],
    [
      'strangers, of whom all have to go',
      [alice, { ...alice, pid: 9 }],
      `process 8 of user 1001 (${when}: python3) and 1 more`,
      /kill -9 8 9$/,
    ],
    [
      'one that cannot be seen',
      [],
      'a process that cannot be seen from here',
      /^Try again\. .*: rm \/s\/lock$/,
    ],
  ];
  for (const [name, holders, named, advice] of rows) {
    test(name, () => {
      assert.equal(nameHolders({ holders, isWhole: true }), named);
      assert.match(adviseOn('/s/lock', holders), advice);
      const accusation = accuse('/s/lock', holders);
      if (holders.includes(alice))
        assert.match(accusation ?? '', /^\/s\/lock is held by process 8 .*attack/);
      else assert.equal(accusation, null);
    });
  }
});
