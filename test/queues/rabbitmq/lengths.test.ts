import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { MeasureErrorCode } from '../../../src/model/measure-error.ts';
import type { HistoryEntry, ServiceSample } from '../../../src/model/types.ts';
import { withDrain } from '../../../src/kinds/celery/drain-rate.ts';
import {
  readQueues,
  type QueueLength,
  type QueueRequest,
} from '../../../src/queues/read-queues.ts';
import { monotonicMs } from '../../../src/host/monotonic.ts';
import { queueContract } from '../../contract/queue.ts';
import { until } from '../../lab/until.ts';
import { startRabbit, type RabbitServer } from './server.ts';
import { freePorts, startMute } from '../redis/server.ts';

const PASSWORD = 'p@ss/w:rd#%';
const ESCAPED = encodeURIComponent(PASSWORD);

let rabbit: RabbitServer;

const user = (name: string, password: string) => ({ name, password, tags: '' });
const grant = (name: string, vhost: string, read: string) => {
  return { user: name, vhost, configure: read, write: read, read };
};
const queue = (name: string, vhost: string, type: 'classic' | 'quorum') => {
  const args = { 'x-queue-type': type };
  return { name, vhost, durable: true, auto_delete: false, arguments: args };
};

before(async () => {
  rabbit = await startRabbit({
    users: [user('guest', 'guest'), user('shop', PASSWORD), user('blind', 'blind')],
    vhosts: [{ name: '/' }, { name: 'shop/eu' }],
    permissions: [
      grant('guest', '/', '.*'),
      grant('shop', 'shop/eu', '.*'),
      grant('blind', '/', '^$'),
    ],
    queues: [
      queue('celery', '/', 'classic'),
      queue('critical', '/', 'quorum'),
      queue('celery', 'shop/eu', 'classic'),
    ],
  });
  // by Celery itself, with a queue of priorities that a worker would declare
  const script = `
import sys, kombu, celery
def send(url, name, n):
    app = celery.Celery(broker=url)
    with app.connection_for_write() as c:
        p = app.amqp.Producer(c.channel())
        for i in range(n):
            app.send_task("tasks.x", queue=kombu.Queue(name, no_declare=True), producer=p, confirm_timeout=5)
port = sys.argv[1]
root = f"amqp://guest:guest@127.0.0.1:{port}//"
send(root, "celery", 7)
send(root, "critical", 5)
send(f"amqp://shop:{sys.argv[2]}@127.0.0.1:{port}/shop%2Feu", "celery", 2)`;
  execFileSync('/usr/bin/python3', ['-c', script, String(rabbit.port), ESCAPED]);
  // a quorum queue counts what was sent some time later
  const url = `amqp://guest:guest@127.0.0.1:${rabbit.port}`;
  const isThere = async () => (await read({ url }, ['celery', 'critical'])).length === 12;
  await until(isThere, { what: 'all tasks to be counted' });
});

after(() => rabbit.stop());

describe('RabbitMQ', () => {
  queueContract({
    settings: () => ({ url: `amqp://shop:${ESCAPED}@127.0.0.1:${rabbit.port}/shop%2Feu` }),
    ...{ queue: 'celery', tasks: 2, secret: 'wr0ng' },
    refused: () => ({ url: `amqp://shop:wr0ng@127.0.0.1:${rabbit.port}/shop%2Feu` }),
    unreachable: () => ({ url: 'amqp://127.0.0.1:1//' }),
  });
});

type Settings = Omit<QueueRequest, 'project' | 'queues'>;

async function read(settings: Settings, queues = ['celery'], limitMs = 2000): Promise<QueueLength> {
  const lengths = await readQueues([{ project: 'shop', queues, ...settings }], limitMs);
  return lengths.get('shop')!;
}

describe('the length of a queue of RabbitMQ', () => {
  const plain = (rest = '') => `amqp://guest:guest@127.0.0.1:${rabbit.port}${rest}`;
  const secured = (rest = '') => `amqps://guest:guest@localhost:${rabbit.tlsPort}//${rest}`;
  const shop = () => `amqp://shop:${ESCAPED}@127.0.0.1:${rabbit.port}/shop%2Feu`;
  const rows: [name: string, settings: () => Settings, queues: string[], length: number][] = [
    ['the virtual host / as two slashes', () => ({ url: plain('//') }), ['celery'], 7],
    ['the virtual host / as one slash', () => ({ url: plain('/') }), ['celery'], 7],
    ['the virtual host / as none', () => ({ url: plain() }), ['celery'], 7],
    ['the virtual host / escaped', () => ({ url: plain('/%2F') }), ['celery'], 7],
    ['a virtual host and a password with escapes', () => ({ url: shop() }), ['celery'], 2],
    [
      'guest, where no user is named',
      () => ({ url: `amqp://127.0.0.1:${rabbit.port}` }),
      ['celery'],
      7,
    ],
    ['by the name pyamqp', () => ({ url: plain().replace('amqp', 'pyamqp') }), ['celery'], 7],
    ['a quorum queue', () => ({ url: plain() }), ['critical'], 5],
    ['several queues are added up', () => ({ url: plain() }), ['celery', 'critical'], 12],
    [
      'TLS with its authority',
      () => ({ url: secured(`?ssl_ca_certs=${rabbit.caFile}`) }),
      ['celery'],
      7,
    ],
    [
      'TLS by broker_use_ssl',
      () => ({ url: secured().replace('amqps', 'amqp'), ssl: { ca_certs: rabbit.caFile } }),
      ['celery'],
      7,
    ],
    ['TLS unchecked', () => ({ url: secured(), ssl: { cert_reqs: 'CERT_NONE' } }), ['celery'], 7],
    ['the second of two servers', () => ({ url: `amqp://127.0.0.1:1;${plain()}` }), ['celery'], 7],
  ];
  for (const [name, settings, queues, length] of rows) {
    test(name, async () => {
      const answer = await read(settings(), queues);
      assert.deepEqual([answer.length, answer.error], [length, undefined]);
    });
  }

  test('a certificate of our own, where the server asks for one', async () => {
    const [port] = await freePorts();
    const { caFile, client } = rabbit;
    const files = `{cacertfile,"${caFile}"},{certfile,"${caFile}"},{keyfile,"${caFile.replace('cert', 'key')}"}`;
    const strict = `[${files},{verify,verify_peer},{fail_if_no_peer_cert,true}]`;
    rabbit.ctl(
      'eval',
      `rabbit_networking:start_ssl_listener({"127.0.0.1",${port},auto}, ${strict}, 1).`,
    );
    const url = `amqps://localhost:${port}?ssl_ca_certs=${caFile}`;
    const ssl = { certfile: client.certFile, keyfile: client.keyFile };
    assert.deepEqual(await read({ url, ssl }), { length: 7, perQueue: { celery: 7 } });
    const { length, error } = await read({ url });
    assert.equal(length, null);
    assert.match(error?.text ?? '', /it requires a client certificate: name it in ssl_certfile/);
  });

  test('it is what RabbitMQ itself reports', async () => {
    const { perQueue } = await read({ url: plain() }, ['celery', 'critical']);
    const ours = Object.entries(perQueue).map(([name, length]) => `${name}\t${length}`);
    const told = () => rabbit.ctl('list_queues', 'name', 'messages_ready', '--no-table-headers');
    const lines = () => told().trim().split('\n').toSorted();
    // what it tells of a quorum queue is renewed every few seconds (`quorum_tick_interval`, 5 s)
    const lateMs = monotonicMs() + 60_000;
    const isOld = () => lines().join() !== ours.toSorted().join();
    while (isOld() && monotonicMs() < lateMs) await sleep(200);
    assert.deepEqual(lines(), ours.toSorted());
  });

  test('a queue that does not exist is 0, said as such, and is not made', async () => {
    const answer = await read({ url: plain() }, ['celery', 'mail']);
    assert.deepEqual(answer, {
      length: 7,
      note: 'queue mail does not exist yet: it counts as 0',
      perQueue: { celery: 7, mail: 0 },
    });
    assert.doesNotMatch(rabbit.ctl('list_queues', 'name'), /mail/);
  });

  test('nothing of ours is left on the server', async () => {
    await read({ url: plain() }, ['celery', 'mail']);
    const connections = () => rabbit.ctl('list_connections', 'pid').trim();
    for (let tries = 0; connections() !== '' && tries < 5; tries++);
    assert.equal(connections(), '');
  });
});

describe('a queue of RabbitMQ that cannot be read is null, with the reason in plain words', () => {
  const at = (rest = '') => `127.0.0.1:${rabbit.port}${rest}`;
  const rows: [
    name: string,
    settings: () => Settings | Promise<Settings>,
    error: RegExp,
    /** default: broker_error */
    code?: MeasureErrorCode,
  ][] = [
    [
      'a wrong password',
      () => ({ url: `amqp://shop:wrong-secret@${at()}` }),
      /refuses the user or password/,
      'broker_login',
    ],
    [
      'an unknown user',
      () => ({ url: `amqp://nobody:secret@${at()}` }),
      /refuses the user or password/,
      'broker_login',
    ],
    [
      'no such virtual host',
      () => ({ url: `amqp://${at('/none')}` }),
      /: it has no such virtual host$/,
    ],
    [
      'a virtual host of others',
      () => ({ url: `amqp://${at('/shop%2Feu')}` }),
      /the user of the URL may not use this virtual host$/,
    ],
    [
      'nobody listens',
      async () => ({ url: `amqp://127.0.0.1:${(await freePorts())[0]}` }),
      /^rabbitmq at 127\.0\.0\.1:\d+: nothing is listening there$/,
      'broker_unreachable',
    ],
    [
      'a certificate of its own',
      () => ({ url: `amqps://localhost:${rabbit.tlsPort}` }),
      /certificate is self-signed; name it in ssl_ca_certs/,
      'broker_unreachable',
    ],
    [
      'a certificate for another name',
      () => ({ url: `amqps://127.0.0.1:${rabbit.tlsPort}`, ssl: { ca_certs: rabbit.caFile } }),
      /certificate is for another host name/,
      'broker_unreachable',
    ],
    [
      'TLS spoken to a server without',
      () => ({ url: `amqps://${at()}` }),
      /TLS/,
      'broker_unreachable',
    ],
    [
      'no TLS spoken to a server with it',
      () => ({ url: `amqp://127.0.0.1:${rabbit.tlsPort}` }),
      /is not RabbitMQ \(with TLS it needs amqps/,
    ],
  ];
  for (const [name, settings, error, code = 'broker_error'] of rows) {
    test(name, async () => {
      const answer = await read(await settings(), ['celery'], 1000);
      assert.deepEqual([answer.length, answer.error?.code], [null, code]);
      assert.match(answer.error?.text ?? '', error);
      assert.doesNotMatch(answer.error?.text ?? '', /secret/);
    });
  }

  test('a user without permissions is told, or may look all the same', async () => {
    const { length, error } = await read({ url: `amqp://blind:blind@${at()}` });
    // RabbitMQ asks for no permission to look at a queue
    assert.deepEqual([length, error], [7, undefined]);
  });

  test('a server that accepts and never answers, or is stopped in the middle, costs its limit', async () => {
    const mute = await startMute();
    const half = await startMute('\x01\x00\x00', 'cut');
    const start = performance.now();
    const lengths = await readQueues(
      [
        { project: 'mute', url: `amqp://127.0.0.1:${mute.port}`, queues: ['celery'] },
        { project: 'half', url: `amqp://127.0.0.1:${half.port}`, queues: ['celery'] },
        { project: 'shop', url: `amqp://${at()}`, queues: ['celery'] },
      ],
      500,
    );
    const tookMs = performance.now() - start;
    await Promise.all([mute.stop(), half.stop()]);
    assert.match(lengths.get('mute')?.error?.text ?? '', /no answer within 0\.5 s/);
    assert.equal(lengths.get('half')?.length, null);
    assert.equal(lengths.get('shop')?.length, 7);
    assert.ok(tookMs < 15_000, `it took ${tookMs} ms`);
  });
});

test('the drain time of a worker behind RabbitMQ, by the counters of Celery', async () => {
  const cwd = fileURLToPath(new URL('../../lab/apps', import.meta.url));
  const url = `amqp://guest:guest@127.0.0.1:${rabbit.port}//`;
  const env = { ...process.env, BROKER_URL: url };
  const send = `import tasks\nfor _ in range(900): tasks.sleep.apply_async((0.1,), queue="drained")`;
  execFileSync('/usr/bin/python3', ['-c', send], { cwd, env });
  const args = ['/usr/bin/celery', '-A', 'tasks', 'worker', '-c', '2', '-n', 'drain@%h'];
  const worker = spawn('/usr/bin/python3', [...args, '-Q', 'drained'], {
    ...{ cwd, env, stdio: 'ignore', detached: true },
  });
  const service = 'drain.service';
  const history: HistoryEntry[] = [];
  const look = async (): Promise<ServiceSample> => {
    const { length } = await read({ url }, ['drained']);
    const found = { workers: 2, main_pid: worker.pid!, queue_length: length };
    const uptimeS = performance.now() / 1000;
    const sample = await withDrain(found, {
      ...{ service, settings: { url }, masterPid: worker.pid!, history },
      ...{ now: { boot: 'a', uptimeS }, deadline: monotonicMs() + 10_000 },
    });
    const host = { cpu_percent: null, memory_available_mb: null };
    const stamp = { v: 1 as const, kind: 'sample' as const, at: '', boot: 'a', span_s: 1 };
    history.push({ ...stamp, uptime_s: uptimeS, host, services: { [service]: sample } });
    return sample;
  };
  try {
    let first = await look();
    for (let tries = 0; !((first.tasks_total ?? 0) > 0) && tries < 60; tries++) {
      await sleep(200);
      first = await look();
    }
    history.splice(0, history.length - 1);
    await sleep(1500);
    const { tasks_total: total, completion_rate: rate, ...found } = await look();
    const told = JSON.stringify({ first, total, rate, found });
    // two at once, 0.1 s each
    assert.ok(rate! > 0 && rate! <= 21 && total! > first.tasks_total!, told);
    assert.ok(Math.abs(found.drain_time_s! - found.queue_length! / rate!) < 0.1, told);
    assert.doesNotMatch(rabbit.ctl('list_queues', 'name'), /autoscaler/);
  } finally {
    const ended = new Promise((done) => worker.once('close', done));
    // it would wait for much that is of no interest
    process.kill(-worker.pid!, 'SIGKILL');
    await ended;
  }
});
