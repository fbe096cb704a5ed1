import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { acquireLock, type Lock } from '../../src/state/lock.ts';

let root: string;
let dir: string;

before(() => {
  root = mkdtempSync(join(tmpdir(), 'autoscaler-lock-'));
});
beforeEach(() => {
  dir = mkdtempSync(join(root, 'dir-'));
});
after(() => {
  rmSync(root, { recursive: true });
});

/** A second process that takes the lock, prints what it got and stays for `stayMs`. */
function startRival(path: string, stayMs: number): { child: ChildProcess; answer: Promise<Lock> } {
  const script = `
    import { acquireLock } from './src/state/lock.ts';
    const lock = await acquireLock(${JSON.stringify(path)});
    console.log(JSON.stringify('release' in lock ? { release: true } : lock));
    if (${stayMs} > 0) setTimeout(() => {}, ${stayMs});`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const answer = new Promise<Lock>((resolve, reject) => {
    child.stdout?.once('data', (chunk: Buffer) => resolve(JSON.parse(chunk.toString()) as Lock));
    child.once('close', () => reject(new Error('it ended without an answer')));
  });
  return { child, answer };
}

async function take(path: string): Promise<() => void> {
  const lock = await acquireLock(path);
  assert.ok('release' in lock, JSON.stringify(lock));
  return lock.release;
}

/** The kernel closes the files of a killed process a moment after it is gone. */
async function takeSoon(path: string): Promise<() => void> {
  for (let tries = 0; tries < 50; tries++) {
    const lock = await acquireLock(path);
    if ('release' in lock) return lock.release;
    await sleep(20);
  }
  throw new Error('the lock did not become free');
}

describe('the lock', () => {
  test('keeps a second process out, and says who holds it since when', async () => {
    const { child, answer } = startRival(dir, 60_000);
    assert.ok('release' in (await answer));
    const lock = await acquireLock(dir);
    child.kill('SIGKILL');
    assert.ok('heldBy' in lock);
    const found = /^process (\d+) \(since (\S+ \S+) UTC\)$/.exec(lock.heldBy);
    assert.equal(found?.[1], String(child.pid), lock.heldBy);
    const ageMs = Date.now() - Date.parse(`${found?.[2]}Z`);
    assert.ok(ageMs >= 0 && ageMs < 60_000, lock.heldBy);
  });

  test('is free at once when its holder is killed with -9', async () => {
    const { child, answer } = startRival(dir, 60_000);
    await answer;
    assert.ok('heldBy' in (await acquireLock(dir)));
    const gone = new Promise((done) => child.once('close', done));
    child.kill('SIGKILL');
    await gone;
    (await takeSoon(dir))();
  });

  test('is free when its holder ends by itself: it keeps no process alive', async () => {
    const { child, answer } = startRival(dir, 0);
    await answer;
    const exitCode = await new Promise((done) => child.once('close', done));
    assert.equal(exitCode, 0);
    (await takeSoon(dir))();
  });

  test('is free as soon as it is released', async () => {
    const release = await take(dir);
    release();
    (await take(dir))();
  });

  test('keeps the same process out too', async () => {
    const release = await take(dir);
    const second = await acquireLock(dir);
    release();
    assert.ok('heldBy' in second);
    assert.match(second.heldBy, new RegExp(`^process ${process.pid} `));
  });

  test('of ten that begin at once, one has it', async () => {
    const locks = await Promise.all(Array.from({ length: 10 }, () => acquireLock(dir)));
    const held = locks.filter((lock) => 'release' in lock);
    assert.equal(held.length, 1);
    for (const lock of held) lock.release();
  });

  test('is that of the folder, by whatever name', async () => {
    symlinkSync(dir, join(root, 'other-name'));
    const release = await take(dir);
    assert.ok('heldBy' in (await acquireLock(join(root, 'other-name'))));
    release();
  });

  test('of another folder is another one', async () => {
    const release = await take(dir);
    (await take(mkdtempSync(join(root, 'dir-'))))();
    release();
  });

  test('leaves a file for its owner alone, and nothing else', async () => {
    (await take(dir))();
    assert.deepEqual(readdirSync(dir), ['lock']);
    assert.equal(statSync(join(dir, 'lock')).mode & 0o777, 0o600);
    assert.ok(statSync(join(dir, 'lock')).size >= 32);
  });
});
