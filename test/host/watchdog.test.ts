import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, test } from 'node:test';

const PROGRAM = resolve(import.meta.dirname, 'stuck.mts');
const SENTENCE = 'measuring web.service: reading its processes for 2 s: this run is aborted';
/** on a busy machine too */
const MOST_MS = 30_000;

interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

describe('a run that does not get on', { concurrency: 5 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'watchdog-'));
  const fifo = join(folder, 'fifo');
  before(() => execFileSync('mkfifo', [fifo]));
  after(() => rmSync(folder, { recursive: true }));

  const start = (how: string) => {
    const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, how, fifo], {
      ...{ stdio: ['ignore', 'pipe', 'pipe'], timeout: MOST_MS, killSignal: 'SIGABRT' },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (piece: Buffer) => (stdout += String(piece)));
    child.stderr.on('data', (piece: Buffer) => (stderr += String(piece)));
    const hasSaid = async (what: string): Promise<void> => {
      while (!stdout.includes(what)) await once(child.stdout, 'data');
    };
    const ended = new Promise<Ended>((done) => {
      child.on('close', (code, signal) => done({ code, signal, stdout, stderr }));
    });
    return { child, hasSaid, ended };
  };

  test('and only waits ends by itself with 1, and says in what it was', async () => {
    const { code, stderr } = await start('waits').ended;
    assert.deepEqual([code, stderr], [1, `told: ${SENTENCE}\n`]);
  });

  for (const how of ['computes', 'matches', 'reads']) {
    test(`because it ${how} without an end is killed, and says in what it was`, async () => {
      const { signal, stderr } = await start(how).ended;
      assert.equal(signal, 'SIGKILL');
      assert.ok(stderr.startsWith(`autoscaler: ${SENTENCE}\n`), stderr);
    });
  }

  test('although nobody reads what it says is killed all the same', async () => {
    const args = ['--import', 'tsx', PROGRAM, 'tells what nobody reads', fifo];
    const child = spawn(process.execPath, args, {
      ...{ stdio: ['ignore', 'ignore', 'pipe'], timeout: MOST_MS, killSignal: 'SIGABRT' },
    });
    const [, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    child.stderr.destroy();
    assert.equal(signal, 'SIGKILL');
  });

  test('says it with its priority where that goes to the journal', async () => {
    const path = join(folder, 'journal');
    const journal = openSync(path, 'w');
    const { dev, ino } = fstatSync(journal);
    const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, 'computes', fifo], {
      ...{ stdio: ['ignore', 'ignore', journal], timeout: MOST_MS, killSignal: 'SIGABRT' },
      env: { ...process.env, JOURNAL_STREAM: `${dev}:${ino}` },
    });
    closeSync(journal);
    await once(child, 'exit');
    assert.match(
      readFileSync(path, 'utf8'),
      /^<3>autoscaler: .* is aborted\n<3>The next run .*\n$/,
    );
  });

  for (const how of ['gets on', 'is asked to end while it changes']) {
    test(`has a watchdog that only it ends, and that goes with one that ${how}`, async () => {
      const { child, hasSaid, ended } = start(how);
      await hasSaid('ready');
      const watchdog = await findWatchdog(child.pid!);
      const theirs = readdirSync(`/proc/${watchdog}/fd`).map((fd) => readFd(watchdog, fd));
      assert.deepEqual(
        theirs.filter(
          (path) => !/^(?:socket:|pipe:|\/dev\/null$|\/dev\/shm\/#|\/proc\/)/.test(path),
        ),
        [],
      );
      for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) process.kill(watchdog, signal);
      await sleep(200);
      assert.equal(readTitle(watchdog), TITLE);
      if (how !== 'gets on') child.kill('SIGTERM');
      await ended;
      await isGone(watchdog);
    });
  }

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    test(`has a watchdog that goes with one that ${signal} ends`, async () => {
      const { child, hasSaid, ended } = start('reads');
      await hasSaid('ready');
      const watchdog = await findWatchdog(child.pid!);
      child.kill(signal);
      await ended;
      await isGone(watchdog);
    });
  }

  for (const how of ['gets on', 'changes', 'is held up within a change']) {
    test(`is not one that ${how}`, async () => {
      const { code, stderr } = await start(how).ended;
      assert.deepEqual([code, stderr], [0, '']);
    });
  }

  test('is not one that was asleep itself, as with its host', async () => {
    const { child, hasSaid, ended } = start('waits');
    await hasSaid('ready');
    child.kill('SIGSTOP');
    // longer than its limit
    await sleep(4000);
    const wokenMs = performance.now();
    child.kill('SIGCONT');
    assert.equal((await ended).code, 1);
    assert.ok(performance.now() - wokenMs > 900);
  });

  test('begins no change once it is given up', async () => {
    const { code, stdout, stderr } = await start('changes in the end').ended;
    assert.deepEqual([code, stdout, stderr], [1, 'ready\n', `told: ${SENTENCE}\n`]);
  });

  for (const how of ['computes', 'reads', 'waits']) {
    test(`hears SIGTERM at once before its first change, although it ${how}`, async () => {
      const { child, hasSaid, ended } = start(how);
      await hasSaid('ready');
      child.kill('SIGTERM');
      const { signal, stderr } = await ended;
      assert.deepEqual([signal, stderr], ['SIGTERM', '']);
    });
  }

  test('hears SIGTERM within a change, and ends after it', async () => {
    const { child, hasSaid, ended } = start('is asked to end while it changes');
    await hasSaid('changing');
    child.kill('SIGTERM');
    const { code, signal, stdout } = await ended;
    assert.deepEqual([code, signal, stdout], [143, null, 'ready\nchanging\nheard\n']);
  });

  test('and has not ended its change in time ends all the same, and leaves it as it is', async () => {
    const { child, hasSaid, ended } = start('never ends its change');
    await hasSaid('changing');
    child.kill('SIGTERM');
    const { code, stderr } = await ended;
    assert.equal(code, 143);
    assert.match(
      stderr,
      /^autoscaler: asked to stop 1 s ago: the next run completes .* under way\n$/,
    );
  });
});

const TITLE = 'autoscaler-watchdog';

/** Its process number, once it has begun. */
async function findWatchdog(parent: number): Promise<number> {
  for (;;) {
    const children = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8');
    const found = children.split(' ').find((pid) => pid !== '' && readTitle(Number(pid)) === TITLE);
    if (found !== undefined) return Number(found);
    await sleep(10);
  }
}

/** '' of a process that has ended */
function readTitle(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', '').trim();
  } catch {
    return '';
  }
}

function readFd(pid: number, fd: string): string {
  try {
    return readlinkSync(`/proc/${pid}/fd/${fd}`);
  } catch {
    // closed meanwhile
    return '/proc/';
  }
}

async function isGone(pid: number): Promise<void> {
  while (readTitle(pid) === TITLE) await sleep(10);
}
