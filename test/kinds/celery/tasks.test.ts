import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { measureError } from '../../../src/model/measure-error.ts';
import type { HistoryEntry } from '../../../src/model/types.ts';
import { withDrain } from '../../../src/kinds/celery/drain-rate.ts';
import { countRunningTasks } from '../../../src/kinds/celery/running-tasks.ts';
import { selectWorkerTree } from '../../../src/kinds/worker-tree.ts';
import { readUnitProcesses } from '../../../src/host/proc/proc.ts';
import { monotonicMs } from '../../../src/host/monotonic.ts';
import { startRedis, type RedisServer } from '../../queues/redis/server.ts';

const APPS = fileURLToPath(new URL('../../lab/apps', import.meta.url));

let redis: RedisServer;
let worker: ChildProcess;
let env: NodeJS.ProcessEnv;

before(async () => {
  redis = await startRedis();
  env = { ...process.env, BROKER_URL: `redis://127.0.0.1:${redis.port}/0` };
  const args = ['/usr/bin/celery', '-A', 'tasks', 'worker', '-c', '3', '-n', 'shop@%h'];
  worker = spawn('/usr/bin/python3', args, { cwd: APPS, env, stdio: 'ignore' });
  await until(() => countWorkers() === 3 && running() === 0);
});

after(async () => {
  const ended = new Promise((done) => worker.once('close', done));
  worker.kill('SIGTERM');
  await ended;
  await redis.stop();
});

function tree() {
  const processes = readUnitProcesses({ mainPid: worker.pid!, controlGroup: null });
  if ('error' in processes) assert.fail(processes.error);
  const found = selectWorkerTree(processes, worker.pid!);
  assert.ok(!('error' in found), JSON.stringify(found));
  return found;
}

function countWorkers(): number {
  return tree().workerPids.length;
}

function running(): number {
  const { masterPid, workerPids } = tree();
  const count = countRunningTasks(masterPid, workerPids);
  assert.equal(typeof count, 'number', JSON.stringify(count));
  return count as number;
}

function send(seconds: number, count: number): void {
  const script = `import tasks\nfor _ in range(${count}): tasks.sleep.delay(${seconds})`;
  execFileSync('/usr/bin/python3', ['-c', script], { cwd: APPS, env });
}

async function until(isSo: () => boolean): Promise<void> {
  for (let waited = 0; ; waited += 50) {
    try {
      if (isSo()) return;
    } catch (error) {
      if (waited > 20_000) throw error;
    }
    assert.ok(waited < 20_000, 'it did not come about within 20 s');
    await sleep(50);
  }
}

test('running tasks are those that run, not those that are fetched', async () => {
  send(2, 2);
  await until(() => running() === 2);
  await until(() => running() === 0);
  send(2, 9);
  // as many again are fetched: Celery acknowledges a task when it begins
  await until(() => redis.cli('hlen', 'unacked').trim() === '3' && running() === 3);
  // between two of them nothing may run for a moment
  const open = () => redis.cli('hlen', 'unacked').trim() + redis.cli('llen', 'celery').trim();
  await until(() => open() === '00' && running() === 0);
});

test('rates and drain time follow from the counters of Celery', async () => {
  const service = 'shop.service';
  const history: HistoryEntry[] = [];
  const look = async () => {
    const uptimeS = performance.now() / 1000;
    const waiting = Number(redis.cli('llen', 'celery'));
    const found = { workers: 3, main_pid: worker.pid!, queue_length: waiting };
    const masterPid = tree().masterPid;
    const settings = { url: env['BROKER_URL']! };
    const now = { boot: 'a', uptimeS };
    const deadline = monotonicMs() + 10_000;
    const sample = await withDrain(found, { service, settings, masterPid, history, now, deadline });
    const host = { cpu_percent: null, memory_available_mb: null };
    const stamp = { v: 1 as const, kind: 'sample' as const, at: '', boot: 'a', span_s: 1 };
    history.push({ ...stamp, uptime_s: uptimeS, host, services: { [service]: sample } });
    return sample;
  };
  const idle = await look();
  assert.equal(idle.tasks_total, 11);
  assert.deepEqual([idle.drain_time_s, idle.completion_rate], [0, null]);
  // three at once, 0.3 s each: 10 a second at the most
  send(0.3, 60);
  await until(() => running() === 3);
  await sleep(2000);
  history.splice(0);
  await look();
  await sleep(1500);
  const busy = await look();
  const rate = busy.completion_rate ?? 0;
  assert.ok(rate > 3 && rate < 13, `${rate} a second`);
  assert.ok(Math.abs((busy.drain_time_s ?? 0) - busy.queue_length! / rate) < 0.1);
  assert.deepEqual(redis.cli('keys', '*autoscaler*').trim(), '');
});

test('a worker that does not answer: null, with the reason', async () => {
  const sample = await withDrain(
    { workers: 3, queue_length: 1 },
    {
      service: 'shop.service',
      settings: { url: 'redis://127.0.0.1:1' },
      masterPid: worker.pid!,
      history: [],
      now: { boot: 'a', uptimeS: 1 },
      deadline: monotonicMs() + 10_000,
    },
  );
  assert.equal(sample.drain_time_s, null);
  assert.match(
    sample.errors?.['drain_time_s']?.text ?? '',
    /cannot be counted: .*nothing is listening there/,
  );
});

const SILENT = measureError('broker_unreachable', 'redis: no answer within 2 s');

test('a broker that has not told its queues is not asked for more', async () => {
  const sample = await withDrain(
    { workers: 3, queue_length: null, errors: { queue_length: SILENT } },
    {
      service: 'shop.service',
      settings: { url: `redis://127.0.0.1:${redis.port}` },
      masterPid: worker.pid!,
      history: [],
      now: { boot: 'a', uptimeS: 1 },
      deadline: monotonicMs() + 10_000,
    },
  );
  assert.deepEqual(sample.errors?.['drain_time_s'], {
    code: 'broker_unreachable',
    text: 'its tasks cannot be counted: redis: no answer within 2 s',
  });
});
