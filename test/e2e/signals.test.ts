import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { RunReport, ServiceReport } from '../../src/commands/run/run-report.ts';
import { startLab, type Lab } from '../lab/lab.ts';
import {
  APPS,
  celeryUnit,
  enqueue,
  gunicornUnit,
  installUnit,
  RABBIT,
  rabbitUnit,
  redisUnit,
} from '../lab/services.ts';
import { windowNow } from '../commands/recorded-host.ts';

const redis = (database: number, port = 6379): string => `redis://127.0.0.1:${port}/${database}`;
const SENTINEL = 'sentinel://127.0.0.1:26379/0';
const MASTER = { master_name: 'shop' };

/** Celery services of the lab, each with a broker, or a database, of its own. */
const CELERY = {
  amqp: { broker: RABBIT },
  sentinel: { broker: SENTINEL, env: { MASTER_NAME: MASTER.master_name } },
  load: { broker: redis(1) },
  drain: { broker: redis(2) },
  held: { broker: redis(3), count: '-c 4' },
};

const NOW = { scale_up: 0, scale_down: 0 };
const QUEUE = { max_workers: 6, queue_duration_minutes: NOW, apply: 'live' };

/** What each of these is decided by. */
const PROJECTS = {
  amqp: { ...QUEUE, broker_url: RABBIT, queue_thresholds: { scale_up_4: 5 } },
  sentinel: {
    ...{ ...QUEUE, broker_url: SENTINEL, broker_transport_options: MASTER },
    queue_thresholds: { scale_up_3: 5 },
  },
  load: {
    ...{ ...QUEUE, broker_url: redis(1), queue_metric: 'load' },
    queue_thresholds: { scale_up_3: 180 },
  },
  drain: {
    ...{ ...QUEUE, broker_url: redis(2), drain_time_thresholds: { scale_up_4: 5 } },
    drain_time_duration_minutes: NOW,
  },
  held: { ...QUEUE, broker_url: redis(3), queue_thresholds: { scale_up_6: 50, scale_down_2: 5 } },
};

const OFFICE = { name: 'office', ...windowNow('open'), min_workers: 2, max_workers: 3 };
const LATE = { name: 'late', ...windowNow('later'), min_workers: 4 };
const SCHEDULED = { max_workers: 4, cpu_thresholds: { scale_up_4: 99.9 } };

describe('what a run sees and does', { timeout: 300_000 }, () => {
  let lab: Lab;

  before(async () => {
    lab = await startLab();
    const sentinel = ['port 26379', 'sentinel monitor shop 127.0.0.1 6380 1', 'dir /run'];
    await lab.writeFile('/run/sentinel.conf', `${sentinel.join('\n')}\n`);
    await lab.writeFile('/etc/systemd/system/lab-rabbit.service', rabbitUnit());
    await lab.ok('systemctl daemon-reload; systemctl start --no-block lab-rabbit');
    await installUnit(lab, 'lab-redis.service', redisUnit());
    await installUnit(lab, 'lab-master.service', redisUnit({ port: 6380 }));
    const watch = 'ExecStart=/usr/bin/redis-server /run/sentinel.conf --sentinel';
    await installUnit(lab, 'lab-sentinel.service', `[Service]\n${watch}\n`);
    for (const [index, name] of ['open', 'closed'].entries()) {
      const bind = `127.0.0.1:${8001 + index}`;
      await installUnit(lab, `${name}.service`, gunicornUnit({ count: '--workers 1', bind }));
    }
    for (const [name, options] of Object.entries(CELERY)) {
      await lab.writeFile(`/etc/systemd/system/${name}.service`, celeryUnit(options));
    }
    const names = Object.keys(CELERY).join(' ');
    await lab.ok(`systemctl daemon-reload; systemctl start ${names}`);
    await fill();
  });

  after(() => lab.stop());

  /** More tasks than there are workers, that last as long as the test but for `drain`; 3 in `held`. */
  async function fill(): Promise<void> {
    const long = (count: number, url: string) =>
      enqueue(lab, count, 'tasks.sleep', () => [600], { url });
    await long(14, redis(0, 6380));
    await long(7, redis(1));
    await long(3, redis(3));
    await enqueue(lab, 5000, 'tasks.sleep', () => [0.2], { url: redis(2) });
    // RabbitMQ takes longest to start
    const send = `import tasks\nfor _ in range(14): tasks.sleep.delay(600)`;
    await lab.ok(
      `systemctl start lab-rabbit; cd ${APPS}; BROKER_URL=${RABBIT} /usr/bin/python3 -c '${send}'`,
    );
  }

  async function run(projects: object, ...args: string[]) {
    await lab.writeFile('/etc/autoscaler/config.json', JSON.stringify({ projects }));
    const { exitCode, stdout, stderr } = await lab.autoscaler(['run', '--json', ...args]);
    assert.notEqual(stdout, '', stderr);
    const { services } = JSON.parse(stdout) as RunReport;
    const get = (project: string): ServiceReport =>
      services.find((service) => service.project === project)!;
    return { exitCode, get, stdout };
  }

  const childrenOf = async (service: string): Promise<number> =>
    Number((await lab.sh(`pgrep -c -r D,R,S -P $(systemctl show -P MainPID ${service})`)).stdout);

  const assertRaised = async (report: ServiceReport, to: number, reason: RegExp) => {
    assert.match(report.reason, reason);
    assert.deepEqual([report.action, report.to, report.applied], ['scale_up', to, true]);
    assert.equal(await childrenOf(report.service), to);
  };

  const assertHeld = (report: ServiceReport, error: RegExp) => {
    const { action, applied, codes } = report;
    assert.deepEqual([action, applied], ['none', false], report.reason);
    assert.ok(codes.includes('missing_metric'), report.reason);
    assert.match(report.error ?? '', error);
  };

  const assertKnown = ({ error, reason }: ServiceReport) => {
    assert.match(reason, /^queue \d+/);
    assert.equal(error, null);
  };

  test('a window of time that is open raises, one that is closed does not', async () => {
    const { exitCode, get, stdout } = await run({
      drain: PROJECTS.drain,
      open: { ...SCHEDULED, schedules: [LATE, OFFICE] },
      closed: { ...SCHEDULED, schedules: [LATE] },
    });
    assert.equal(exitCode, 0, stdout);
    const opened = /fewer than min_workers 2; schedule "office" sets 2 to 3 workers → 2 workers$/;
    await assertRaised(get('open'), 2, opened);
    assert.deepEqual([get('closed').action, get('closed').to], ['none', 1]);
    assert.doesNotMatch(get('closed').reason, /schedule/);
    assert.match(get('drain').reason, /^drain time unknown \(no sample before/);
  });

  test('by hand the open window holds too', async () => {
    const { exitCode, stderr } = await lab.autoscaler(['scale', 'open', '4']);
    assert.equal(exitCode, 64);
    assert.match(stderr, /open may have 2 to 3 workers \(schedule "office"\), not 4/);
  });

  test('queues of RabbitMQ and Sentinel, load and drain time raise; tasks that run hold', async () => {
    // two that run, two that are fetched; and three that run
    const taken = 'redis-cli -n 1 llen celery; redis-cli -n 3 llen celery';
    const isTaken = async (): Promise<boolean> => (await lab.ok(taken)) === '3\n0\n';
    await lab.until(isTaken, { what: 'Celery to take its tasks', timeoutMs: 60_000 });
    // the changes of Celery themselves have tests of their own
    const { exitCode, get, stdout } = await run(PROJECTS, '--dry-run');
    assert.equal(exitCode, 0, stdout);
    const rows: [project: string, to: number, reason: RegExp][] = [
      ['amqp', 4, /^queue \d+ > 5 → 4 workers$/],
      ['sentinel', 3, /^queue \d+ > 5 → 3 workers$/],
      ['load', 3, /^load 250 % > 180 % → 3 workers$/],
      ['drain', 4, /^drain time \d+(\.\d+)? s > 5 s → 4 workers$/],
    ];
    for (const [project, to, reason] of rows) {
      assert.match(get(project).reason, reason);
      assert.deepEqual([get(project).action, get(project).plan?.to], ['scale_up', to]);
    }
    assert.equal(get('held').hold, 'tasks_running');
    const held = 'queue 0 < 5; 3 tasks are running, more than 2 workers could hold → stays at 4';
    assert.equal(get('held').reason, held);
  });

  test('Celery behind Sentinel is changed while it runs', async () => {
    const { exitCode, stdout, stderr } = await lab.autoscaler(['scale', 'sentinel', '3']);
    assert.equal(exitCode, 0, stdout + stderr);
    assert.match(stdout, /verified: 3 running, without a restart/, stderr);
  });

  /** Lowered at once, were it not for a queue that is not known. */
  const FALLING = {
    ...{ ...QUEUE, queue_thresholds: { scale_up_6: 50, scale_down_1: 5 } },
    ...{ cpu_thresholds: { scale_down_1: 100 }, cpu_duration_minutes: NOW },
  };

  test('brokers that accept and never answer cost 10 s together; the others are served, nothing is lowered', async () => {
    const mute = lab.spawn(['/usr/bin/python3', '-u', '-c', MUTE]);
    await new Promise((resolve) => mute.stdout.once('data', resolve));
    const six = (scheme: string, from: number): string =>
      Array.from({ length: 6 }, (_, i) => `${scheme}://127.0.0.1:${from + i}`).join(';');
    const start = performance.now();
    const { exitCode, get } = await run({
      amqp: { ...FALLING, broker_url: six('amqp', 7000) },
      sentinel: {
        ...{ ...FALLING, broker_url: six('sentinel', 7000) },
        broker_transport_options: MASTER,
      },
      load: { ...FALLING, broker_url: six('redis', 7010), queue_metric: 'load' },
      drain: { ...PROJECTS.drain, broker_url: six('redis', 7020) },
      held: PROJECTS.held,
      closed: { ...SCHEDULED, min_workers: 2 },
    });
    const tookMs = performance.now() - start;
    mute.kill('SIGKILL');
    await mute.done;
    // one after another, or without an end to all of them, they would take 38 s
    assert.ok(tookMs < 30_000, `${tookMs} ms`);
    assert.equal(exitCode, 1);
    for (const project of ['amqp', 'load', 'drain'])
      assertHeld(get(project), /no answer within 2 s.*there was no time left for it/);
    assertHeld(get('sentinel'), /no answer within 2 s/);
    assertKnown(get('held'));
    await assertRaised(get('closed'), 2, /fewer than min_workers 2/);
  });

  test('brokers that are killed with a question before them', async () => {
    await lab.ok('systemctl kill -s STOP lab-redis lab-rabbit');
    const running = run({
      amqp: { ...FALLING, broker_url: RABBIT },
      load: { ...FALLING, broker_url: redis(1), queue_metric: 'load' },
      sentinel: { ...PROJECTS.sentinel, queue_thresholds: { scale_up_6: 500 } },
    });
    // a connection that is not accepted, with what was sent over it: of Redis, then of RabbitMQ
    const waits = (port: string): string =>
      `until awk '$2 ~ /:${port}$/ && $4 == "01" && $10 == 0 && $5 !~ /:0+$/' /proc/net/tcp /proc/net/tcp6 | grep -q .; do sleep 0.01; done`;
    const kill = 'systemctl kill -s KILL lab-redis lab-rabbit';
    await lab.ok([waits('18EB'), waits('1628'), kill].join('\n'));
    const { exitCode, get } = await running;
    assert.equal(exitCode, 1);
    for (const project of ['amqp', 'load'])
      assertHeld(get(project), /was cut|closed the connection/);
    assertKnown(get('sentinel'));
  });
});

/** Listens on the ports of brokers, and that is all. */
const MUTE = `
import socket, signal
ports = [*range(7000, 7006), *range(7010, 7016), *range(7020, 7026)]
held = [socket.create_server(("127.0.0.1", port)) for port in ports]
print("ready")
signal.pause()`;
