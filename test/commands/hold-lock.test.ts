import { test, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitForLock } from '../../src/commands/hold-lock.ts';
import { EXIT, UserError } from '../../src/errors.ts';
import { acquireLock } from '../../src/state/lock.ts';

async function held(t: TestContext): Promise<{ dir: string; release: () => void }> {
  const dir = mkdtempSync(join(tmpdir(), 'autoscaler-hold-'));
  const lock = await acquireLock(dir);
  assert.ok('release' in lock);
  t.after(() => {
    lock.release();
    rmSync(dir, { recursive: true });
  });
  return { dir, release: lock.release };
}

test('a lock that is held is waited for, and who holds it is told once', async (t) => {
  const { dir, release } = await held(t);
  const told: string[] = [];
  const waiting = waitForLock(dir, 60_000, (heldBy) => {
    told.push(heldBy);
    setTimeout(release, 500);
  });
  (await waiting).release();
  assert.equal(told.length, 1);
  assert.match(told[0] ?? '', new RegExp(`process ${process.pid} `));
});

test('it is given up after the limit, with 75 and who holds it', async (t) => {
  const { dir } = await held(t);
  await assert.rejects(
    waitForLock(dir, 300, () => undefined),
    (error: unknown) =>
      error instanceof UserError &&
      error.exitCode === EXIT.locked &&
      error.message.includes(`process ${process.pid} `),
  );
});

test('a lock that nobody holds is had at once, and nothing is told', async (t) => {
  const { dir, release } = await held(t);
  release();
  (await waitForLock(dir, 60_000, () => assert.fail('nothing is to be told'))).release();
});
