import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { startLab, type Lab } from '../lab/lab.ts';
import {
  APPS,
  celeryUnit,
  installUnit,
  RABBIT,
  rabbitmqctl,
  rabbitUnit,
  redisUnit,
} from '../lab/services.ts';

/** Machines that test are slow at times. */
const PATIENT = { timeoutMs: 180_000 };

let lab: Lab;
before(async () => {
  lab = await startLab();
  await installUnit(lab, 'lab-rabbit.service', rabbitUnit());
  const jobs = {
    ...{ kind: 'celery', max_workers: 9, cpu_thresholds: { scale_down_1: 0 } },
    broker_url: RABBIT,
  };
  const drained = { ...jobs, apply: 'restart', queues: ['drained'] };
  const config = { projects: { jobs, drained }, global: { apply: 'live' } };
  await lab.writeFile('/etc/autoscaler/config.json', JSON.stringify(config));
});
after(() => lab.stop());

async function countChildren(name: string): Promise<number> {
  const { stdout } = await lab.sh(`pgrep -c -r D,R,S -P $(systemctl show -P MainPID ${name})`);
  return Number(stdout);
}

test('over RabbitMQ: only the worker that is meant changes, without a restart, and nothing is left there', async () => {
  await installUnit(lab, 'jobs.service', celeryUnit({ broker: RABBIT }));
  await installUnit(lab, 'other.service', celeryUnit({ broker: RABBIT, args: '-n other@%%h' }));
  await lab.until(
    async () =>
      (await rabbitmqctl(lab, 'list_queues name')).match(/\.celery\.pidbox/g)?.length === 2,
    { what: 'both to listen', timeoutMs: 60_000, everyMs: 1000 },
  );
  const main = await lab.ok('systemctl show -P MainPID jobs');
  for (const workers of [5, 2]) {
    const { exitCode, stdout, stderr } = await lab.autoscaler(
      ['scale', 'jobs', String(workers)],
      PATIENT,
    );
    assert.equal(exitCode, 0, stdout + stderr);
    assert.match(stdout, new RegExp(`verified: ${workers} running, without a restart`), stderr);
    assert.deepEqual([await countChildren('jobs'), await countChildren('other')], [workers, 2]);
  }
  assert.equal(await lab.ok('systemctl show -P MainPID jobs'), main);
  assert.doesNotMatch(await rabbitmqctl(lab, 'list_queues name'), /autoscaler/);
});

test('what a user of RabbitMQ may not do is named, with the queue or exchange; counting needs no permission', async () => {
  await rabbitmqctl(lab, 'add_user scaler secret');
  const project = { max_workers: 9, queue_thresholds: { scale_up_9: 100 }, apply: 'live-only' };
  const config = {
    projects: {
      jobs: { ...project, broker_url: 'amqp://scaler:secret@127.0.0.1:5672//' },
    },
  };
  const path = '/etc/autoscaler/refused.json';
  await lab.writeFile(path, JSON.stringify(config), { mode: 0o600 });
  const host = (await lab.ok('hostname')).trim();
  const reply = `queue autoscaler.reply.celery@${host}`;
  // configure, write and read, as rabbitmqctl takes them
  const rows: [rights: string, permission: string, of: string][] = [
    ['^$ ^$ .*', 'configure', reply],
    ['.* ^$ .*', 'write', 'exchange celery.pidbox'],
    ['.* .* ^$', 'read', reply],
  ];
  for (const [rights, permission, of] of rows) {
    const quoted = rights.replaceAll(/\S+/g, "'$&'");
    await rabbitmqctl(lab, `set_permissions -p / scaler ${quoted}`);
    const { exitCode, stdout } = await lab.autoscaler(
      ['scale', 'jobs', '3', '--config', path],
      PATIENT,
    );
    assert.equal(exitCode, 1);
    const refusal = `the user of the URL lacks the permission "${permission}" for the ${of}\n`;
    assert.ok(stdout.endsWith(refusal), stdout);
    const counted = await lab.autoscaler(['metrics', 'celery_queue', 'jobs', '--config', path]);
    assert.deepEqual([counted.exitCode, counted.stdout], [0, '0\n']);
  }
  assert.equal(await countChildren('jobs'), 2);
});

test('a restart over RabbitMQ: the worker is told to take no more, and each task is done once', async () => {
  await installUnit(lab, 'lab-redis.service', redisUnit());
  const args = '-n drained@%%h -Q drained -l INFO';
  await installUnit(lab, 'drained.service', celeryUnit({ broker: RABBIT, args }));
  const send = `import tasks\nfor i in range(60): tasks.trace.apply_async((i, 0.5), queue='drained')`;
  const env = [`BROKER_URL=${RABBIT}`, `PYTHONPATH=${APPS}`];
  await lab.ok(`env ${env.join(' ')} /usr/bin/python3 -c "${send}"`);
  const readTraces = async (): Promise<string[]> => {
    const keys = Array.from({ length: 60 }, (_, id) => `trace:${id}`).join(' ');
    return (await lab.ok(`redis-cli -n 15 mget ${keys}`)).split('\n').slice(0, 60);
  };
  await lab.until(async () => (await readTraces()).includes('1'), { what: 'a first task' });
  const { exitCode, stdout, stderr } = await lab.autoscaler(['scale', 'drained', '4'], PATIENT);
  assert.equal(exitCode, 0, stdout + stderr);
  assert.match(stdout, /verified: 4 running$/m, stderr);
  await lab.until(async () => (await readTraces()).every((times) => times !== ''), {
    what: 'all tasks to end',
    timeoutMs: 60_000,
  });
  assert.deepEqual(await readTraces(), Array<string>(60).fill('1'));
  const log = await lab.ok('journalctl --unit drained --output cat');
  assert.equal(log.match(/Canceling queue drained/g)?.length, 1, log.slice(-2000));
  assert.doesNotMatch(await rabbitmqctl(lab, 'list_queues name'), /autoscaler/);
});
