import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, test } from 'node:test';

const PROGRAM = resolve(import.meta.dirname, 'stuck.mts');
const SENTENCE = 'measuring web.service: reading its processes for 2 s: this run is given up';
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
    assert.match(stderr, /^autoscaler: asked to end 1 s ago: .* by the next run\n$/);
  });
});
