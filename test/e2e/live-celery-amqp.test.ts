import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { startLab, type Lab } from '../lab/lab.ts';
import { celeryUnit, installUnit, RABBIT, rabbitmqctl, rabbitUnit } from '../lab/services.ts';

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
  const config = { projects: { jobs }, global: { apply: 'live' } };
  await lab.writeFile('/etc/autoscaler/config.json', JSON.stringify(config));
});
after(() => lab.stop());

async function countChildren(name: string): Promise<number> {
  const { stdout } = await lab.sh(`pgrep -c -P $(systemctl show -P MainPID ${name})`);
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
    assert.match(stdout, new RegExp(`verified: ${workers} run, without a restart`), stderr);
    assert.deepEqual([await countChildren('jobs'), await countChildren('other')], [workers, 2]);
  }
  assert.equal(await lab.ok('systemctl show -P MainPID jobs'), main);
  assert.doesNotMatch(await rabbitmqctl(lab, 'list_queues name'), /autoscaler/);
});
