import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test, type TestContext } from 'node:test';
import { UserError } from '../../src/errors.ts';
import { acquireLock, readLock, type HeldLock, type LockState } from '../../src/state/lock.ts';
import { startRival, type Rival } from './rival.ts';

let root: string;
let dir: string;
let path: string;

before(() => {
  root = mkdtempSync(join(tmpdir(), 'autoscaler-lock-'));
});
beforeEach(() => {
  dir = mkdtempSync(join(root, 'dir-'));
  path = join(dir, 'lock');
});
after(() => {
  rmSync(root, { recursive: true });
});

function take(of: string): HeldLock {
  const lock = acquireLock(of);
  assert.ok(lock !== null, `${of} is held`);
  return lock;
}

/** One that holds the lock until the test is over. */
async function startHolder(t: TestContext, more: Parameters<typeof startRival>[1]): Promise<Rival> {
  const rival = startRival(path, more);
  t.after(() => rival.child.kill('SIGKILL'));
  assert.equal(await rival.answer, 'held');
  return rival;
}

describe('the lock', () => {
  test('keeps a second process out; who holds it, since when and by which command is seen', async (t) => {
    const { child } = await startHolder(t, {});
    assert.equal(acquireLock(path), null);
    const lock = readLock(path);
    assert.equal(lock?.isHeld, true);
    const [holder, ...others] = lock.holders;
    assert.deepEqual([others, holder?.pid, holder?.uid], [[], child.pid, process.getuid?.()]);
    assert.deepEqual([holder?.isStranger, holder?.isStopped], [false, false]);
    const ageMs = Date.now() - (holder?.sinceMs ?? 0);
    assert.ok(ageMs >= 0 && ageMs < 60_000, `${ageMs} ms`);
    assert.match(holder?.command ?? '', /^\S*node --import tsx /);
  });

  test('is free at once when its holder is killed with -9, also when that was stopped', async (t) => {
    const { child, ended } = await startHolder(t, {});
    child.kill('SIGSTOP');
    const isStopped = (): boolean | undefined => readLock(path)?.holders[0]?.isStopped;
    while (isStopped() !== true) await new Promise(setImmediate);
    assert.equal(acquireLock(path), null);
    child.kill('SIGKILL');
    await ended;
    take(path).release();
  });

  test('is free when its holder ends by itself: it keeps no process alive', async () => {
    const { child, answer, ended } = startRival(path);
    assert.equal(await answer, 'held');
    child.stdin?.end();
    assert.equal(await ended, 0);
    take(path).release();
  });

  test('is kept by none of the programs that its holder has started', async (t) => {
    const left = join(dir, 'pid');
    const start = `
      spawn('/bin/sh', ['-c', 'echo $$ > ${left}.new; mv ${left}.new ${left}; exec sleep 60'],
        { detached: true, stdio: ['ignore', 'ignore', 'ignore'] });
      import { execa } from 'execa';
      import { existsSync } from 'node:fs';
      await execa('ls', ['-l', '/proc/self/fd']);
      while (!existsSync('${left}')) await new Promise(setImmediate);`;
    const { child, ended } = await startHolder(t, { after: start });
    child.kill('SIGKILL');
    await ended;
    const pid = Number(execFileSync('cat', [left], { encoding: 'utf8' }));
    t.after(() => process.kill(pid, 'SIGKILL'));
    assert.ok(existsSync(`/proc/${pid}`));
    take(path).release();
  });

  test('is free as soon as it is released; a second release closes no file of others', () => {
    const lock = take(path);
    assert.equal(readLock(path)?.isHeld, true);
    lock.release();
    assert.equal(readLock(path)?.isHeld, false);
    const fd = openSync('/dev/null', 'r');
    lock.release();
    closeSync(fd);
    take(path).release();
  });

  test('keeps the same process out too', () => {
    const lock = take(path);
    assert.equal(acquireLock(path), null);
    assert.equal(readLock(path)?.holders[0]?.pid, process.pid);
    lock.release();
  });

  test('of six that begin at once, one has it', async (t) => {
    // none before the last one is there
    const arrive = join(dir, 'arrived');
    const before = `
      import { appendFileSync, statSync } from 'node:fs';
      appendFileSync('${arrive}', '.');
      while (statSync('${arrive}').size < 6) await new Promise(setImmediate);`;
    const rivals = Array.from({ length: 6 }, () => startRival(path, { before }));
    t.after(() => rivals.map(({ child }) => child.kill('SIGKILL')));
    const answers = await Promise.all(rivals.map(({ answer }) => answer));
    assert.deepEqual(answers.sort(), ['busy', 'busy', 'busy', 'busy', 'busy', 'held']);
  });

  test('is that of the folder, by whatever name; of another folder it is another one', () => {
    symlinkSync(dir, join(root, 'other-name'));
    const lock = take(path);
    assert.equal(acquireLock(join(root, 'other-name/lock')), null);
    take(join(mkdtempSync(join(root, 'dir-')), 'lock')).release();
    lock.release();
  });

  test('leaves an empty file for its owner alone; one that others could open is closed to them', () => {
    take(path).release();
    assert.deepEqual(readdirSync(dir), ['lock']);
    assert.deepEqual([statSync(path).mode & 0o7777, statSync(path).size], [0o600, 0]);
    chmodSync(path, 0o644);
    assert.equal(readLock(path)?.mode, 0o644);
    take(path).release();
    assert.equal(statSync(path).mode & 0o7777, 0o600);
  });

  test('whose file was removed while it was held is made new', () => {
    const lock = take(path);
    rmSync(path);
    const second = take(path);
    assert.equal(acquireLock(path), null);
    lock.release();
    assert.equal(acquireLock(path), null);
    second.release();
  });

  test('looking at it makes nothing', () => {
    assert.equal(readLock(path), null);
    assert.equal(readLock(join(dir, 'none/lock')), null);
    assert.deepEqual(readdirSync(dir), []);
  });

  const notFiles: [name: string, make: () => void, told: RegExp][] = [
    ['a link', () => symlinkSync('/etc/hostname', path), /expected a plain file, found a symb/],
    ['a pipe', () => execFileSync('mkfifo', ['-m', '600', path]), /expected a plain file, found s/],
    ['a folder', () => mkdirSync(path), /expected a file, found a folder/],
  ];
  for (const [name, make, told] of notFiles) {
    test(`${name} in its place is refused: 77`, () => {
      make();
      assert.throws(() => acquireLock(path), { exitCode: 77, message: told });
    });
  }

  test('as root, a file or folder that others own or may write to is refused: 77', () => {
    if (process.getuid?.() !== 0) return assert.ok(take(path));
    writeFileSync(path, '', { mode: 0o600 });
    const refused = { exitCode: 77, message: /expected to be (?:owned by|writable by) root/ };
    for (const each of [path, dir]) {
      chownSync(each, 65534, 65534);
      assert.throws(() => acquireLock(path), refused);
      assert.throws(() => readLock(path), refused);
      chownSync(each, 0, 0);
      chmodSync(each, 0o722);
      assert.throws(() => acquireLock(path), refused);
      chmodSync(each, 0o700);
    }
    take(path).release();
  });

  test('that somebody else only waits for is not held', async (t) => {
    const lock = take(path);
    const waiter = spawn('flock', [path, 'sleep', '60'], { stdio: 'ignore', detached: true });
    t.after(() => process.kill(-(waiter.pid ?? 0), 'SIGKILL'));
    const proc = `/proc/${waiter.pid}`;
    const waits = (): boolean =>
      existsSync(`${proc}/fd/3`) && / \(flock\) S /.test(readFileSync(`${proc}/stat`, 'utf8'));
    while (!waits()) await new Promise(setImmediate);
    assert.deepEqual(
      readLock(path)?.holders.map(({ pid }) => pid),
      [process.pid],
    );
    lock.release();
  });

  test('is looked for in bounded time, however many files somebody has open', async (t) => {
    // named like ours, so that each has to be looked at
    const hoard = `
import os, resource, sys, time
most = min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 300_000)
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
fd = os.open(sys.argv[1], os.O_CREAT)
for _ in range(most - 10): os.dup(fd)
print("open", flush=True)
time.sleep(60)`;
    const other = join(mkdtempSync(join(root, 'dir-')), 'lock');
    const child = spawn('python3', ['-c', hoard, other], { stdio: ['ignore', 'pipe', 'inherit'] });
    t.after(() => child.kill('SIGKILL'));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    await startHolder(t, {});
    const startMs = performance.now();
    const lock = readLock(path);
    assert.equal(lock?.isHeld, true);
    const tookMs = performance.now() - startMs;
    assert.ok(tookMs < 30_000, `${tookMs} ms`);
  });

  test('is looked for in little time, however many locks others have, also of a file of its name', async (t) => {
    const hoard = `
import fcntl, os, sys, time
# many of one file would take the kernel long to make
for number in range(60):
    fd = os.open(sys.argv[1] + str(number or ''), os.O_RDWR | os.O_CREAT)
    for at in range(0, 4000, 2): fcntl.lockf(fd, fcntl.LOCK_EX, 1, at)
print("held", flush=True)
time.sleep(60)`;
    const other = join(mkdtempSync(join(root, 'dir-')), 'lock');
    const child = spawn('python3', ['-c', hoard, other], { stdio: ['ignore', 'pipe', 'inherit'] });
    t.after(() => child.kill('SIGKILL'));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const measure = (): [LockState | null, number] => {
      const before = process.resourceUsage();
      const lock = readLock(path);
      const { userCPUTime, systemCPUTime } = process.resourceUsage();
      const spentUs = userCPUTime + systemCPUTime - before.userCPUTime - before.systemCPUTime;
      return [lock, spentUs / 1000];
    };
    take(path).release();
    const [free, freeMs] = measure();
    const rival = await startHolder(t, {});
    const [held, heldMs] = measure();
    assert.deepEqual([free?.isHeld, held?.holders[0]?.pid], [false, rival.child.pid]);
    assert.ok(freeMs < 300 && heldMs < 500, `${freeMs} ms, held ${heldMs} ms of a processor`);
  });

  test('of somebody who only looks is free at the next try, and nobody is accused', async (t) => {
    take(path).release();
    const looks = spawn('flock', ['--shared', path, 'sh', '-c', 'echo has; read x'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    t.after(() => looks.kill('SIGKILL'));
    await new Promise((resolve) => looks.stdout.once('data', resolve));
    assert.equal(acquireLock(path), null);
    assert.deepEqual([readLock(path)?.isHeld, readLock(path)?.holders], [false, []]);
    looks.stdin.end();
    await new Promise((resolve) => looks.once('exit', resolve));
    take(path).release();
  });

  test('where no process can be started is an error, not a lock that is held', async () => {
    // root may start as many as there is room for
    const uid = process.getuid?.() === 0 ? 65534 : 0;
    if (uid !== 0) chownSync(dir, uid, uid);
    chmodSync(root, 0o755);
    const before = `spawnSync('prlimit', ['--pid', String(process.pid), '--nproc=1:1']);`;
    const { child, answer } = startRival(path, { before, uid });
    assert.match(
      await answer,
      /^1: .*\/lock: cannot be locked: flock could not be started: .*\(EAGAIN\)/,
    );
    child.stdin?.end();
  });

  test('an error of the lock is one for people', () => {
    writeFileSync(join(root, 'file'), '');
    assert.throws(
      () => acquireLock(join(root, 'file/lock')),
      (error) => error instanceof UserError && error.exitCode === 77,
    );
  });
});
