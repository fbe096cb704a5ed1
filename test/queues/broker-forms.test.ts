import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { readQueues, type QueueLength, type QueueRequest } from '../../src/queues/read-queues.ts';
import { freePorts, startMute, startRedis, type RedisServer } from './redis/server.ts';

let redis: RedisServer;
let locked: RedisServer;
/** It asks who comes for a certificate. */
let strict: RedisServer;

before(async () => {
  [redis, locked, strict] = await Promise.all([
    startRedis(),
    startRedis('--requirepass', 'p@ss/w'),
    startRedis('--tls-auth-clients', 'yes'),
  ]);
  strict.cli('rpush', 'celery', 'a', 'b');
  redis.cli('rpush', 'celery', 'a', 'b', 'c');
  redis.cli('rpush', 'shop:celery', 'a');
  redis.cli('rpush', 'shop:celery:5', 'a', 'b');
  redis.cli('-n', '3', 'rpush', 'celery', 'a', 'b', 'c', 'd');
  locked.cli('-a', 'p@ss/w', '-n', '2', 'rpush', 'celery', 'a', 'b');
});

after(async () => {
  await Promise.all([redis.stop(), locked.stop(), strict.stop()]);
});

type Settings = Omit<QueueRequest, 'project' | 'queues'>;

async function read(settings: Settings, queues = ['celery']): Promise<QueueLength> {
  const lengths = await readQueues([{ project: 'shop', queues, ...settings }], 1000);
  return lengths.get('shop')!;
}

describe('a Redis in the forms that Celery accepts', () => {
  const plain = (rest = '') => `redis://127.0.0.1:${redis.port}${rest}`;
  const rows: [name: string, settings: () => Settings | Promise<Settings>, length: number][] = [
    ['by its socket', () => ({ url: `redis+socket://${redis.socket}` }), 3],
    [
      'a database by its socket',
      () => ({ url: `redis+socket://${redis.socket}?virtual_host=3` }),
      4,
    ],
    [
      'a password by its socket',
      () => ({ url: `redis+socket://:p%40ss%2Fw@${locked.socket}?virtual_host=2` }),
      2,
    ],
    [
      'a database by its socket, in the words of redis-py',
      () => ({ url: `unix://${redis.socket}?db=3` }),
      4,
    ],
    [
      'a password by its socket, in the words of redis-py',
      () => ({ url: `unix://${locked.socket}?db=2&password=p%40ss%2Fw` }),
      2,
    ],
    [
      'a prefix, steps and separator of its own',
      () => ({
        url: plain(),
        options: { global_keyprefix: 'shop:', priority_steps: [0, 5], sep: ':' },
      }),
      3,
    ],
    [
      'TLS by broker_use_ssl',
      () => ({
        url: `redis://localhost:${redis.tlsPort}/3`,
        ssl: { ssl_ca_certs: redis.caFile, ssl_cert_reqs: 'CERT_REQUIRED' },
      }),
      4,
    ],
    [
      'TLS by broker_use_ssl, in the words for RabbitMQ',
      () => ({ url: `redis://localhost:${redis.tlsPort}`, ssl: { ca_certs: redis.caFile } }),
      3,
    ],
    [
      'TLS unchecked by broker_use_ssl',
      () => ({ url: `rediss://127.0.0.1:${redis.tlsPort}`, ssl: { ssl_cert_reqs: 'none' } }),
      3,
    ],
    [
      'a certificate of our own, by broker_use_ssl',
      () => ({
        url: `rediss://localhost:${strict.tlsPort}`,
        ssl: {
          ...{ ssl_ca_certs: strict.caFile, ssl_certfile: strict.client.certFile },
          ssl_keyfile: strict.client.keyFile,
        },
      }),
      2,
    ],
    [
      'a certificate of our own, by the URL',
      () => ({
        url: `rediss://localhost:${strict.tlsPort}?ssl_ca_certs=${strict.caFile}&ssl_certfile=${strict.client.certFile}&ssl_keyfile=${strict.client.keyFile}`,
      }),
      2,
    ],
    [
      'the second of two servers, where the first is down',
      async () => ({ url: `redis://127.0.0.1:${(await freePorts())[0]}/0;${plain()}` }),
      3,
    ],
    [
      'the second of two servers, without its scheme',
      async () => ({ url: `redis://127.0.0.1:${(await freePorts())[0]};127.0.0.1:${redis.port}` }),
      3,
    ],
  ];
  for (const [name, settings, length] of rows) {
    test(name, async () => {
      const answer = await read(await settings());
      assert.deepEqual(answer, { length, perQueue: { celery: length } });
    });
  }

  test('the numbers are those of kombu itself', async () => {
    const forms: Required<Pick<Settings, 'url' | 'options'>>[] = [
      { url: `redis+socket://${redis.socket}?virtual_host=3`, options: {} },
      { url: `redis+socket://:p%40ss%2Fw@${locked.socket}?virtual_host=2`, options: {} },
      { url: plain(), options: { global_keyprefix: 'shop:', priority_steps: [0, 5], sep: ':' } },
    ];
    const script = `
import json, sys, kombu
for form in json.load(sys.stdin):
    c = kombu.Connection(form["url"], transport_options=form["options"])
    print(c.channel()._size("celery"))`;
    const kombu = spawnSync('/usr/bin/python3', ['-c', script], {
      input: JSON.stringify(forms),
      encoding: 'utf8',
    });
    const ours = await Promise.all(forms.map(async (form) => (await read(form)).length));
    assert.deepEqual(kombu.stdout.trim().split('\n').map(Number), ours, kombu.stderr);
  });

  test('one connection for all databases and prefixes of a server', async () => {
    const connections = () =>
      Number(/total_connections_received:(\d+)/.exec(redis.cli('info', 'stats'))?.[1]);
    const earlier = connections();
    const lengths = await readQueues([
      { project: 'a', url: plain(), queues: ['celery'] },
      { project: 'b', url: plain('/3'), queues: ['celery'], wantsUnacked: true },
      { project: 'c', url: plain(), queues: ['celery'], options: { global_keyprefix: 'shop:' } },
      { project: 'd', url: plain('/999'), queues: ['celery'] },
    ]);
    // the second question of ours is a connection too
    assert.equal(connections() - earlier, 2);
    const found = ['a', 'b', 'c', 'd'].map((project) => lengths.get(project)?.length);
    assert.deepEqual(found, [3, 4, 1, null]);
    assert.match(lengths.get('d')?.error?.text ?? '', /not have the database number/);
  });

  test('of several servers of which none answers, each is told', async () => {
    const [one, two] = await freePorts();
    const { error } = await read({ url: `redis://127.0.0.1:${one};redis://127.0.0.1:${two}` });
    assert.match(
      error?.text ?? '',
      /:\d+: nothing is listening there; redis at .*nothing is listening there$/,
    );
  });

  test('a server that asks for a certificate, and there is none', async () => {
    const url = `rediss://localhost:${strict.tlsPort}?ssl_ca_certs=${strict.caFile}`;
    const { length, error } = await read({ url });
    assert.equal(length, null);
    assert.match(error?.text ?? '', /it requires a client certificate: name it in ssl_certfile/);
  });

  test('a certificate that cannot be read', async () => {
    const url = `rediss://localhost:${strict.tlsPort}?ssl_certfile=/nowhere/client.pem`;
    assert.match((await read({ url })).error?.text ?? '', /ssl_certfile cannot be read: .*ENOENT/);
  });

  test('a socket that is not there', async () => {
    const { error } = await read({ url: 'redis+socket:///nowhere/redis.sock' });
    assert.equal(error?.text, 'redis at /nowhere/redis.sock: there is no such socket');
  });

  test('a server that dies in the middle of its answer', async () => {
    const half = await startMute('*3\r\n$5\r\nhel', 'cut');
    const { length, error } = await read({ url: `redis://127.0.0.1:${half.port}` });
    await half.stop();
    assert.equal(length, null);
    assert.match(error?.text ?? '', /the connection was cut|closed the connection/);
  });
});

describe('unacknowledged tasks', () => {
  /** What kombu writes, by kombu itself: takes `take` messages and acknowledges none. */
  const hold = (script: string) => {
    const code = `
import kombu, sys, os
c = kombu.Connection(f"redis://127.0.0.1:{sys.argv[1]}/7")
ch = c.channel()
def put(exchange, key, queue, kind="direct", n=1, to=None):
    ex = kombu.Exchange(exchange, kind)
    q = kombu.Queue(queue, ex, routing_key=key, channel=ch); q.declare()
    p = kombu.Producer(ch)
    for _ in range(n): p.publish({}, exchange=exchange, routing_key=to or key)
def take(queue, n):
    for _ in range(n): assert ch.basic_get(queue) is not None, queue
${script}
sys.stdout.flush(); os._exit(0)`;
    execFileSync('/usr/bin/python3', ['-c', code, String(redis.port)]);
  };
  const readSeven = async (queues: string[]) => {
    const url = `redis://127.0.0.1:${redis.port}/7`;
    const { length, unacked, unackedError } = await read({ url, wantsUnacked: true }, queues);
    return { length, unacked, unackedError };
  };

  test('they are told by queue, whatever exchange they came by', async () => {
    hold(`
put("celery", "celery", "celery", n=5); take("celery", 3)
put("media", "video", "videos", n=4); take("videos", 2)
put("logs", "shop.#", "lines", kind="topic", n=3, to="shop.web.error"); take("lines", 1)`);
    assert.deepEqual(await readSeven(['celery']), {
      length: 2,
      unacked: 3,
      unackedError: undefined,
    });
    assert.deepEqual(await readSeven(['videos']), {
      length: 2,
      unacked: 2,
      unackedError: undefined,
    });
    assert.deepEqual(await readSeven(['lines']), {
      length: 2,
      unacked: 1,
      unackedError: undefined,
    });
    assert.equal((await readSeven(['celery', 'videos', 'lines'])).unacked, 6);
    assert.equal((await readSeven(['other'])).unacked, 0);
    assert.equal(Number(redis.cli('-n', '7', 'hlen', 'unacked')), 6);
  });

  test('none are asked for where nobody wants them', async () => {
    const { unacked } = await read({ url: `redis://127.0.0.1:${redis.port}/7` });
    assert.equal(unacked, undefined);
  });

  test('too many to look at: null, with their number', async () => {
    const pairs = Array.from({ length: 1001 }, (_, i) => [
      `tag-${i}`,
      '["{}", "", "celery"]',
    ]).flat();
    redis.cli('-n', '8', 'hset', 'unacked', ...pairs);
    const url = `redis://127.0.0.1:${redis.port}/8`;
    const many = await read({ url, wantsUnacked: true });
    assert.equal(many.length, 0);
    assert.equal(many.unacked, null);
    assert.match(many.unackedError?.text ?? '', /1001 unacknowledged tasks are more than the 1000/);
    redis.cli('-n', '8', 'hdel', 'unacked', 'tag-0');
    assert.equal((await read({ url, wantsUnacked: true })).unacked, 1000);
  });

  test('a user that may not read them spoils nothing else', async () => {
    redis.cli('acl', 'setuser', 'shop', 'on', '>shop', '~*', '+llen', '+select');
    const url = `redis://shop:shop@127.0.0.1:${redis.port}/0`;
    const found = await read({ url, wantsUnacked: true });
    assert.equal(found.length, 3);
    assert.equal(found.unacked, null);
    assert.match(found.unackedError?.text ?? '', /unacknowledged tasks: .*may not/);
  });
});
