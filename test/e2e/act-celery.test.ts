import { after, before, beforeEach, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { startLab, type Lab } from '../lab/lab.ts';
import {
  celeryUnit,
  enqueue,
  gunicornUnit,
  installUnit,
  redisUnit,
  type ServiceOptions,
} from '../lab/services.ts';

const CHANGES = '/var/backups/autoscaler/changes';
/** Machines that test are slow at times. */
const PATIENT = { timeoutMs: 180_000 };
const TASKS = 40;

let lab: Lab;
before(async () => {
  lab = await startLab();
  await installUnit(lab, 'lab-redis.service', redisUnit());
});
after(() => lab.stop());
beforeEach(async () => {
  await lab.sh(
    'systemctl kill -s KILL jobs; systemctl stop jobs; rm -rf /var/backups/autoscaler /var/lib/autoscaler',
  );
  await lab.ok('redis-cli flushall; systemctl reset-failed');
});

async function scale(workers: number): Promise<void> {
  const { exitCode, stdout, stderr } = await lab.autoscaler(
    ['scale', 'jobs', String(workers)],
    PATIENT,
  );
  assert.equal(exitCode, 0, stdout + stderr);
  assert.match(stdout, new RegExp(`→ ${workers} workers; verified: ${workers} running`));
}

/** Starts a change and does not wait; its process number is in /run/scale.pid. */
function startScale(service: string, workers: number): ReturnType<Lab['spawn']> {
  const script = 'echo $$ > /run/scale.pid; exec "$@"';
  const argv = ['/bin/sh', '-c', script, 'sh', ...lab.autoscalerArgv];
  return lab.spawn([...argv, 'scale', service, String(workers)]);
}

/** How often each task has ended: the numbers that are not 1 are lost (0) or doubled (2). */
async function readTraces(n: number): Promise<number[]> {
  const keys = Array.from({ length: n }, (_, id) => `trace:${id}`).join(' ');
  const text = await lab.ok(`redis-cli -n 15 mget ${keys}`);
  return text.split('\n').slice(0, n).map(Number);
}

async function untilAllDone(n: number): Promise<void> {
  await lab.until(async () => (await readTraces(n)).every((times) => times > 0), {
    what: 'all tasks to end',
    timeoutMs: 60_000,
  });
}

const FORMS: { name: string; options: ServiceOptions & { args?: string } }[] = [
  { name: 'KillMode=control-group, Restart=no (the defaults)', options: { args: '-l INFO' } },
  {
    name: 'KillMode=mixed, Restart=always racing us',
    options: { lines: ['KillMode=mixed', 'Restart=always'] },
  },
  {
    name: 'a shell above Celery, Restart=always with a long delay',
    options: {
      execStart: `/bin/sh -c "/usr/bin/celery -A tasks worker -c 2; exit 3"`,
      lines: ['Restart=always', 'RestartSec=60'],
    },
  },
  {
    name: 'a daemon that systemd does not watch (celery multi start, Type=oneshot), TimeoutStopSec=1',
    options: {
      execStart:
        '/usr/bin/celery -A tasks multi start w1 -c 2 --pidfile=/run/w1.pid --logfile=/run/w1.log',
      lines: ['Type=oneshot', 'RemainAfterExit=yes', 'TimeoutStopSec=1'],
    },
  },
];

/** The broker, without which Celery's own shutdown may lose or double a task on a busy machine. */
const CONFIG = {
  projects: {
    jobs: {
      ...{ min_workers: 1, max_workers: 4, queue_thresholds: { scale_up_4: 1000 } },
      broker_url: 'redis://127.0.0.1:6379/0',
    },
  },
};

describe('Celery under a real systemd: changes under load lose and double no task', () => {
  before(() =>
    lab.writeFile('/etc/autoscaler/config.json', JSON.stringify(CONFIG), { mode: 0o600 }),
  );
  after(() => lab.ok('rm /etc/autoscaler/config.json'));
  for (const { name, options } of FORMS) {
    test(name, async () => {
      const unit = celeryUnit(options);
      await installUnit(lab, 'jobs.service', unit);
      await enqueue(lab, TASKS, 'tasks.trace', (id) => [id, 0.5]);
      await lab.until(async () => (await readTraces(TASKS)).includes(1), {
        what: 'a first task',
        timeoutMs: 20_000,
      });
      await scale(4);
      // the first form stands for a rollback over several changes
      if (options.args !== undefined) await scale(3);
      const { exitCode, stdout, stderr } = await lab.autoscaler(['rollback'], PATIENT);
      assert.equal(exitCode, 0, stdout + stderr);
      assert.equal(await lab.readFile('/etc/systemd/system/jobs.service'), unit);
      await untilAllDone(TASKS);
      assert.deepEqual(await readTraces(TASKS), Array<number>(TASKS).fill(1));
      if (options.args === undefined) return;
      // before each of the three signals
      const log = await lab.ok('journalctl --unit jobs --output cat');
      assert.equal(log.match(/Canceling queue celery/g)?.length, 3, log.slice(-2000));
    });
  }
});

test('killed while Celery drains: the next command goes on with it; the task ends, once', async () => {
  await installUnit(lab, 'jobs.service', celeryUnit());
  await enqueue(lab, 1, 'tasks.trace', (id) => [id, 4]);
  await lab.until(async () => (await lab.ok('redis-cli llen celery')) === '0\n', {
    what: 'the task to begin',
    timeoutMs: 20_000,
  });
  const first = startScale('jobs', 4);
  await lab.until(
    async () =>
      (await lab.sh(`grep -q '"signalled": true' ${CHANGES}/*.pending/manifest.json`)).exitCode ===
      0,
    { what: 'the signal', timeoutMs: 30_000 },
  );
  await lab.ok('kill -KILL $(cat /run/scale.pid)');
  await first.done;
  await scale(3);
  assert.deepEqual(await readTraces(1), [1]);
  const list = await lab.autoscaler(['rollback', '--list']);
  assert.match(list.stdout, /2 → 4 +applied[^]*4 → 3 +applied/);
});

/** A run that raises jobs.service from 2 to 3 at once, and further projects with it. */
async function runRaising(more: Record<string, unknown>, global: Record<string, unknown>) {
  const jobs = {
    ...{ min_workers: 3, max_workers: 4, queue_thresholds: { scale_up_4: 1000 } },
    broker_url: 'redis://127.0.0.1:6379/0',
  };
  const config = { projects: { jobs, ...more }, global };
  await lab.writeFile('/etc/autoscaler/config.json', JSON.stringify(config), { mode: 0o600 });
  const { exitCode, stdout, stderr } = await lab.autoscaler(['run', '--json'], PATIENT);
  const { services } = JSON.parse(stdout) as { services: { project: string; applied: boolean }[] };
  const applied = services.filter((service) => service.applied).map(({ project }) => project);
  return { exitCode, applied, stderr };
}

/** Begins one task of `seconds` seconds. */
async function beginTask(seconds: number): Promise<void> {
  await enqueue(lab, 1, 'tasks.trace', (id) => [id, seconds]);
  await lab.until(async () => (await lab.ok('redis-cli llen celery')) === '0\n', {
    what: 'the task to begin',
    timeoutMs: 20_000,
  });
}

test('a drain holds up no other service: the run comes back to it at its end', async () => {
  await installUnit(lab, 'jobs.service', celeryUnit());
  await installUnit(lab, 'web.service', gunicornUnit());
  await beginTask(20);
  const web = { min_workers: 3, max_workers: 4, cpu_thresholds: { scale_up_4: 99 } };
  const { exitCode, applied, stderr } = await runRaising({ web }, {});
  assert.equal(exitCode, 0, stderr);
  assert.deepEqual(applied, ['jobs', 'web'], stderr);
  assert.match(stderr, /jobs.*finishes its running tasks first[^]*jobs.*verified: 3 running/);
  assert.match(stderr, /web.*verified: 3 running[^]*jobs.*verified: 3 running/);
  assert.deepEqual(await readTraces(1), [1]);
  await lab.ok('systemctl stop web');
});

test('drain_timeout_minutes: given up after it was said; the unit goes back, the task ends, once', async () => {
  const unit = celeryUnit();
  await installUnit(lab, 'jobs.service', unit);
  await beginTask(14);
  const { applied, stderr } = await runRaising({}, { drain_timeout_minutes: 0.1 });
  assert.deepEqual(applied, []);
  assert.match(stderr, /"level":"ERROR".*2 → 3 is aborted: .*[^]*undone: it is as before, with 2/);
  assert.equal(await lab.readFile('/etc/systemd/system/jobs.service'), unit);
  assert.deepEqual(await readTraces(1), [1]);
  assert.equal(await lab.ok('systemctl is-active jobs'), 'active\n');
});
