import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { startLab, type Lab } from '../lab/lab.ts';
import { celeryUnit, installUnit } from '../lab/services.ts';

const BROKER = 'amqp://guest:guest@127.0.0.1:5672//';
/** Machines that test are slow at times. */
const PATIENT = { timeoutMs: 180_000 };

let lab: Lab;
before(async () => {
  lab = await startLab();
  const rabbit = [
    ...['[Service]', 'Type=notify', 'NotifyAccess=all', 'User=rabbitmq', 'TimeoutStartSec=120'],
    ...['Environment=HOME=/var/lib/rabbitmq', 'Environment=RABBITMQ_NODENAME=lab@localhost'],
    ...['ExecStart=/usr/lib/rabbitmq/bin/rabbitmq-server', ''],
  ];
  await lab.writeFile('/etc/systemd/system/lab-rabbit.service', rabbit.join('\n'));
  await lab.ok('systemctl daemon-reload && systemctl start lab-rabbit', PATIENT);
  const jobs = {
    ...{ kind: 'celery', max_workers: 9, cpu_thresholds: { scale_down_1: 0 } },
    broker_url: BROKER,
  };
  const config = { projects: { jobs }, global: { apply: 'live' } };
  await lab.writeFile('/etc/autoscaler/config.json', JSON.stringify(config));
});
after(() => lab.stop());

async function countChildren(name: string): Promise<number> {
  const { stdout } = await lab.sh(`pgrep -c -P $(systemctl show -P MainPID ${name})`);
  return Number(stdout);
}

function rabbitmqctl(command: string): Promise<string> {
  return lab.ok(
    `runuser -u rabbitmq -- env HOME=/var/lib/rabbitmq RABBITMQ_NODENAME=lab@localhost /usr/lib/rabbitmq/bin/rabbitmqctl ${command}`,
  );
}

test('over RabbitMQ: only the worker that is meant changes, without a restart, and nothing is left there', async () => {
  await installUnit(lab, 'jobs.service', celeryUnit({ broker: BROKER }));
  await installUnit(lab, 'other.service', celeryUnit({ broker: BROKER, args: '-n other@%%h' }));
  await lab.until(
    async () => (await rabbitmqctl('list_queues name')).match(/\.celery\.pidbox/g)?.length === 2,
    { what: 'both to listen', timeoutMs: 60_000, everyMs: 1000 },
  );
  const main = await lab.ok('systemctl show -P MainPID jobs');
  for (const workers of [5, 2]) {
    const { exitCode, stdout, stderr } = await lab.autoscaler(
      ['scale', 'jobs', String(workers)],
      PATIENT,
    );
    assert.equal(exitCode, 0, stdout + stderr);
    assert.match(stdout, new RegExp(`verified: ${workers} run, without a restart`), stderr);
    assert.deepEqual([await countChildren('jobs'), await countChildren('other')], [workers, 2]);
  }
  assert.equal(await lab.ok('systemctl show -P MainPID jobs'), main);
  assert.doesNotMatch(await rabbitmqctl('list_queues name'), /autoscaler/);
});
