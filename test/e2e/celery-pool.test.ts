import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import type { Sample } from '../../src/model/types.ts';
import { startLab, type Lab } from '../lab/lab.ts';
import { celeryUnit, enqueue, installUnit, redisUnit } from '../lab/services.ts';

const REDIS = 'redis://127.0.0.1:6379/0';
/** Machines that test are slow at times. */
const PATIENT = { timeoutMs: 180_000 };
const TASKS = 1500;

let lab: Lab;
before(async () => {
  lab = await startLab();
  await installUnit(lab, 'lab-redis.service', redisUnit());
  const jobs = {
    ...{ kind: 'celery', max_workers: 9, cpu_thresholds: { scale_down_1: 0 } },
    broker_url: REDIS,
  };
  const config = { projects: { jobs }, global: { apply: 'live' } };
  await lab.writeFile('/etc/autoscaler/config.json', JSON.stringify(config));
  const args = '--max-tasks-per-child=1';
  await installUnit(lab, 'jobs.service', celeryUnit({ args, lines: ['Restart=always'] }));
});
after(() => lab.stop());

async function readFigures(): Promise<{ done: number[]; main: string; waiting: number }> {
  const keys = Array.from({ length: TASKS }, (_, id) => `trace:${id}`).join(' ');
  const traces = (await lab.ok(`redis-cli -n 15 mget ${keys}`)).split('\n').slice(0, TASKS);
  const main = await lab.ok('systemctl show -P MainPID -P NRestarts jobs');
  const waiting = Number(await lab.ok('redis-cli llen celery'));
  return { done: traces.map(Number), main, waiting };
}

async function run(...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await lab.autoscaler(args, PATIENT);
  assert.equal(exitCode, 0, stdout + stderr);
  return stdout;
}

test('a pool whose processes end with each task has the size that it says itself: changed live, no task lost', async () => {
  await enqueue(lab, TASKS, 'tasks.trace', (id) => [id, 0.15]);
  await lab.until(async () => (await readFigures()).done.includes(1), { what: 'a first task' });
  const { main } = await readFigures();

  assert.match(
    await run('scale', 'jobs', '4'),
    /2 → 4 workers; verified: 4 running, without a restart\n/,
  );
  // what is missing in this moment is no drift
  const checked = await run('check');
  assert.doesNotMatch(checked, /it declares/);
  assert.match(checked, /it can be changed while it runs/);
  assert.doesNotMatch(await run('run'), /brought to/);

  // one that always has a next task gives up no process: it says so, with its own number
  const shrunk = await run('scale', 'jobs', '3');
  assert.match(
    shrunk,
    /4 → 3 workers; verified: (?:3 running, without a restart\n|4 running, without a restart; 1 of them still busy)/,
  );

  const { done, waiting } = await readFigures();
  assert.ok(waiting > 0, 'it was busy all the time');
  await lab.ok('redis-cli ltrim celery 0 0; redis-cli del celery');
  const children = () => lab.ok('pgrep -c -P $(systemctl show -P MainPID jobs)');
  await lab.until(
    async () => {
      const { stdout } = await lab.autoscaler(['run'], PATIENT);
      // processes that end with their task are replaced, so one look alone proves nothing
      return !/workers running, \d declared/.test(stdout) && (await children()) === '3\n';
    },
    { what: 'the rest to be brought down to three processes', timeoutMs: 90_000 },
  );
  // those that were taken before the queue was emptied are still to end
  const hasGap = ({ done: all }: { done: number[] }) =>
    all.slice(0, all.lastIndexOf(1)).some((times) => times === 0);
  const after = await lab.until(
    async () => {
      const figures = await readFigures();
      return hasGap(figures) ? null : figures;
    },
    { what: 'each task before the last one to end' },
  );
  assert.equal(after.main, main);
  assert.ok(
    after.done.every((times) => times <= 1 || Number.isNaN(times)),
    'none was done twice',
  );
  const first = after.done.lastIndexOf(1);
  assert.deepEqual(after.done.slice(0, first + 1), Array<number>(first + 1).fill(1));
  assert.ok(done.length > 0);
});

test('running tasks are counted on the processes of now, however long the broker of another project takes', async () => {
  const mute =
    'import socket, time; s = [socket.create_server(("", port)) for port in (6400, 6401)]; time.sleep(600)';
  await installUnit(lab, 'mute.service', `[Service]\nExecStart=/usr/bin/python3 -c '${mute}'\n`);
  const queue = { kind: 'celery', max_workers: 9, queue_thresholds: { scale_up_9: 100_000 } };
  const projects = {
    jobs: { ...queue, broker_url: REDIS, queue_metric: 'ready+running' },
    // each of its servers is waited for 2 s
    lost: { ...queue, broker_url: 'redis://127.0.0.1:6400/0;redis://127.0.0.1:6401/0' },
  };
  const global = { state_dir: '/var/lib/other', backup_dir: '/var/backups/other' };
  await lab.writeFile('/etc/autoscaler/other.json', JSON.stringify({ projects, global }));
  await enqueue(lab, 40, 'tasks.sleep', () => [60]);
  const children = 'pgrep -P $(systemctl show -P MainPID jobs)';
  const first = (await lab.ok(children)).trim();
  const run = lab.spawn([...lab.autoscalerArgv, 'run', '--config', '/etc/autoscaler/other.json']);
  run.stdin.end();
  await lab.until(async () => (await lab.sh('ss -tnH dst 127.0.0.1:6400')).stdout !== '', {
    what: 'the run to wait for the broker',
    everyMs: 20,
  });
  await lab.ok(`kill -9 ${first.replaceAll('\n', ' ')}`);
  await run.done;
  const line = (await lab.readFile('/var/lib/other/history.jsonl')).trim().split('\n').at(-1)!;
  const found = (JSON.parse(line) as Sample).services['jobs.service'];
  assert.match(line, /no answer within 2 s/);
  assert.ok((found?.running_tasks ?? 0) > 0, line);
});

test('a metric that needs no broker asks none', async () => {
  const slow = {
    ...{ kind: 'celery', service_name: 'jobs.service', max_workers: 9 },
    ...{ queue_thresholds: { scale_up_9: 100 }, broker_url: 'redis://127.0.0.1:6400/0' },
  };
  await lab.writeFile('/etc/autoscaler/slow.json', JSON.stringify({ projects: { slow } }));
  // nobody accepts there, so each connection stays
  const count = () => lab.ok('ss -tnH src 127.0.0.1:6400 | wc -l');
  const before = await count();
  const argv = ['metrics', 'service_cpu', 'slow', '--config', '/etc/autoscaler/slow.json'];
  await lab.autoscaler(argv, PATIENT);
  assert.equal(await count(), before);
  await lab.autoscaler(
    ['metrics', 'queue', 'slow', '--config', '/etc/autoscaler/slow.json'],
    PATIENT,
  );
  assert.notEqual(await count(), before);
});
