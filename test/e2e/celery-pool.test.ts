import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
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
    /2 → 4 workers; verified: 4 run, without a restart\n/,
  );
  // what is missing in this moment is no drift
  const checked = await run('check');
  assert.doesNotMatch(checked, /the unit declares/);
  assert.match(checked, /it can be changed while it runs/);
  assert.doesNotMatch(await run('run'), /brought to/);

  // one that always has a next task gives up no process: it says so, with its own number
  const shrunk = await run('scale', 'jobs', '3');
  assert.match(
    shrunk,
    /4 → 3 workers; verified: (?:3 run, without a restart\n|4 run, without a restart; 1 of them are busy)/,
  );

  const { done, waiting } = await readFigures();
  assert.ok(waiting > 0, 'it was busy all the time');
  await lab.ok('redis-cli ltrim celery 0 0; redis-cli del celery');
  const children = () => lab.ok('pgrep -c -P $(systemctl show -P MainPID jobs)');
  await lab.until(
    async () => {
      const { stdout } = await lab.autoscaler(['run'], PATIENT);
      // processes that end with their task are replaced, so one look alone proves nothing
      return !/workers run, the unit says/.test(stdout) && (await children()) === '3\n';
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
