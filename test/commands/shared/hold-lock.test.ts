import { test, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { holdLock } from '../../../src/commands/shared/hold-lock.ts';
import { EXIT, UserError } from '../../../src/errors.ts';
import { acquireLock } from '../../../src/state/lock.ts';

function makePlaces(t: TestContext): { state_dir: string; backup_dir: string; root: string } {
  const root = mkdtempSync(join(tmpdir(), 'autoscaler-hold-'));
  t.after(() => rmSync(root, { recursive: true }));
  return { root, state_dir: join(root, 'state'), backup_dir: join(root, 'backup') };
}

const isLocked =
  (...told: RegExp[]) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof UserError, String(error));
    assert.equal(error.exitCode, EXIT.locked);
    for (const each of told) assert.match(`${error.message}\n${error.hint}`, each);
    return true;
  };

const silent = (): void => undefined;

test('a lock that is held ends a run with 75: by whom, and what to do should it hang', async (t) => {
  const places = makePlaces(t);
  const held = await holdLock(places, silent);
  const { pid } = process;
  await assert.rejects(
    holdLock(places, silent, 0),
    isLocked(
      new RegExp(
        `^another run still holds the lock after 0 s, nothing was done: process ${pid} \\(since \\S+ \\S+ UTC: .*node `,
      ),
      new RegExp(`ps -o \\S+ -p ${pid}\\); kill ${pid} makes it .*, kill -9 ${pid} `),
    ),
  );
  held.release();
  (await holdLock(places, silent)).release();
});

test('a lock that is held is waited for, and who holds it is told once', async (t) => {
  const places = makePlaces(t);
  const held = await holdLock(places, silent);
  const told: string[] = [];
  const waiting = holdLock(places, (sentence) => {
    told.push(sentence);
    setTimeout(held.release, 500);
  });
  (await waiting).release();
  assert.equal(told.length, 1);
  assert.match(
    told[0] ?? '',
    new RegExp(`^waiting up to 30 s for another run to end: process ${process.pid} `),
  );
});

test('it is given up after the limit, with 75 and who holds it', async (t) => {
  const places = makePlaces(t);
  const held = await holdLock(places, silent);
  await assert.rejects(
    holdLock(places, silent, 300),
    isLocked(new RegExp(`still holds the lock after .*nothing was done: process ${process.pid} `)),
  );
  held.release();
});

test('a lock that nobody holds is had at once, and nothing is told', async (t) => {
  (await holdLock(makePlaces(t), () => assert.fail('nothing is to be said'))).release();
});

test('two configs that share the backups alone keep each other out, and leave nothing locked', async (t) => {
  const { root, ...places } = makePlaces(t);
  const held = await holdLock(places, silent);
  const second = { ...places, state_dir: join(root, 'state2') };
  await assert.rejects(holdLock(second, silent, 0), isLocked(/another run still holds the lock/));
  const own = acquireLock(join(second.state_dir, 'lock'));
  assert.ok(own !== null, 'it is still held');
  own.release();
  held.release();
  (await holdLock(second, silent)).release();
});

test('one folder for both, and folders of their own, work too', async (t) => {
  const { root, ...places } = makePlaces(t);
  const held = await holdLock({ state_dir: root, backup_dir: root }, silent);
  (await holdLock(places, silent)).release();
  held.release();
});

test('backups that cannot be used keep no run from measuring', async (t) => {
  const places = makePlaces(t);
  writeFileSync(places.backup_dir, '');
  const held = await holdLock(places, silent);
  assert.ok(existsSync(join(places.state_dir, 'lock')) && statSync(places.backup_dir).isFile());
  held.release();
});
