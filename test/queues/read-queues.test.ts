import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import type { MeasureErrorCode } from '../../src/model/measure-error.ts';
import { readQueues, type QueueLength } from '../../src/queues/read-queues.ts';
import { queueContract } from '../contract/queue.ts';
import { freePorts, startMute, startRedis, type RedisServer } from './redis/server.ts';

/** Letters that a URL must escape, and one that redis-cli must not see as an option. */
const PASSWORD = 'p@ss/w:rd#%';
const ESCAPED = encodeURIComponent(PASSWORD);

let redis: RedisServer;
let locked: RedisServer;

before(async () => {
  [redis, locked] = await Promise.all([
    startRedis(),
    startRedis('--requirepass', PASSWORD, '--databases', '4'),
  ]);
  const fill = (...key: string[]) => redis.cli(...key);
  fill('rpush', 'celery', 'a', 'b', 'c');
  fill('rpush', 'celery\x06\x163', 'd');
  fill('rpush', 'celery\x06\x166', 'e');
  fill('rpush', 'celery\x06\x169', 'f', 'g');
  fill('rpush', 'mail', 'h');
  fill('-n', '5', 'rpush', 'celery', 'i', 'j');
  fill('set', 'text', 'no list');
  const asAdmin = ['-a', PASSWORD];
  locked.cli(...asAdmin, 'rpush', 'celery', 'a');
  locked.cli(...asAdmin, '-n', '2', 'rpush', 'celery', 'a', 'b');
  locked.cli(...asAdmin, 'acl', 'setuser', 'shop', 'on', '>s:cret', '~*', '+llen', '+select');
  locked.cli(...asAdmin, 'acl', 'setuser', 'blind', 'on', '>blind', '~*', '+select', '-llen');
});

after(async () => {
  await Promise.all([redis.stop(), locked.stop()]);
});

describe('Redis', () => {
  queueContract({
    settings: () => ({ url: `redis://:${ESCAPED}@127.0.0.1:${locked.port}/2` }),
    ...{ queue: 'celery', tasks: 2, secret: 'wr0ng' },
    refused: () => ({ url: `redis://:wr0ng@127.0.0.1:${locked.port}/2` }),
    unreachable: () => ({ url: 'redis://127.0.0.1:1/0' }),
  });
});

async function read(url: string, queues = ['celery'], timeoutMs?: number): Promise<QueueLength> {
  const lengths = await readQueues([{ project: 'shop', url, queues }], timeoutMs);
  const length = lengths.get('shop');
  assert.ok(length !== undefined);
  return length;
}

describe('the length of a Redis queue', () => {
  const plain = (rest = '') => `redis://127.0.0.1:${redis.port}${rest}`;
  const secured = (user: string, rest = '') => `redis://${user}127.0.0.1:${locked.port}${rest}`;
  const rows: [name: string, url: () => string, queues: string[], length: number][] = [
    ['priority lists of kombu count', () => plain('/0'), ['celery'], 7],
    ['several queues are added up', () => plain('/0'), ['celery', 'mail'], 8],
    ['a queue that is named twice counts once', () => plain('/0'), ['mail', 'mail'], 1],
    ['a queue that does not exist is empty', () => plain('/0'), ['none'], 0],
    ['the database is the path', () => plain('/5'), ['celery'], 2],
    ['without a path it is database 0', () => plain(), ['mail'], 1],
    ['two slashes before the database', () => plain('//5'), ['celery'], 2],
    ['a password with escapes', () => secured(`:${ESCAPED}@`, '/0'), ['celery'], 1],
    ['a password and a database', () => secured(`:${ESCAPED}@`, '/2'), ['celery'], 2],
    ['the default user by name', () => secured(`default:${ESCAPED}@`), ['celery'], 1],
    ['a user that may do LLEN and SELECT alone', () => secured('shop:s%3Acret@'), ['celery'], 1],
    ['a colon in the password', () => secured('shop:s:cret@'), ['celery'], 1],
    [
      'TLS with its authority',
      () => `rediss://localhost:${redis.tlsPort}/0?ssl_ca_certs=${redis.caFile}`,
      ['mail'],
      1,
    ],
    [
      'TLS unchecked, in the words of Celery',
      () => `rediss://127.0.0.1:${redis.tlsPort}/0?ssl_cert_reqs=CERT_NONE`,
      ['mail'],
      1,
    ],
    [
      'TLS with another host name, unchecked',
      () =>
        `rediss://127.0.0.1:${redis.tlsPort}/0?ssl_ca_certs=${redis.caFile}&ssl_check_hostname=false`,
      ['mail'],
      1,
    ],
  ];
  for (const [name, url, queues, length] of rows) {
    test(name, async () => {
      const answer = await read(url(), queues);
      assert.deepEqual(
        { length: answer.length, error: answer.error },
        { length, error: undefined },
      );
    });
  }

  test('each queue is told apart', async () => {
    const { perQueue } = await read(plain('/0'), ['celery', 'mail', 'none']);
    assert.deepEqual(perQueue, { celery: 7, mail: 1, none: 0 });
  });

  test('it counts as kombu itself does', async () => {
    const script =
      'import kombu,sys; c=kombu.Connection(sys.argv[1]); print(c.channel()._size("celery"))';
    const kombu = spawnSync('/usr/bin/python3', ['-c', script, plain('/0')], { encoding: 'utf8' });
    assert.equal(kombu.stdout.trim(), String((await read(plain('/0'))).length), kombu.stderr);
  });
});

describe('a queue that cannot be read is null, with the reason in plain words', () => {
  const rows: [
    name: string,
    url: () => string | Promise<string>,
    error: RegExp,
    /** default: broker_error; null: it depends on what comes first, its bytes or the end of the connection */
    code?: MeasureErrorCode | null,
  ][] = [
    [
      'no password given',
      () => `redis://127.0.0.1:${locked.port}/0`,
      /requires a password/,
      'broker_login',
    ],
    [
      'a wrong password',
      () => `redis://:wrong-secret@127.0.0.1:${locked.port}/0`,
      /refuses the user or password/,
      'broker_login',
    ],
    [
      'a password that nobody asked for, which Celery does not accept',
      () => `redis://:x@127.0.0.1:${redis.port}/0`,
      /it has no password, but the broker URL gives one/,
      'broker_login',
    ],
    [
      'a user that may not read',
      () => `redis://blind:blind@127.0.0.1:${locked.port}/0`,
      /may not (?:run|use)/,
    ],
    [
      'a database out of range',
      () => `redis://:${ESCAPED}@127.0.0.1:${locked.port}/4`,
      /not have the database number/,
    ],
    [
      'a database that is no number',
      () => `redis://127.0.0.1:${redis.port}/shop`,
      /database in the broker URL is not a number/,
    ],
    [
      'nobody listens',
      async () => `redis://127.0.0.1:${(await freePorts())[0]}/0`,
      /^redis at 127\.0\.0\.1:\d+: nothing is listening there$/,
      'broker_unreachable',
    ],
    ['no such host', () => 'redis://no-such-host.invalid/0', /host name/, 'broker_unreachable'],
    [
      'a certificate of its own',
      () => `rediss://localhost:${redis.tlsPort}/0`,
      /certificate is self-signed; name it in ssl_ca_certs/,
      'broker_unreachable',
    ],
    [
      'a certificate for another name',
      () => `rediss://127.0.0.1:${redis.tlsPort}/0?ssl_ca_certs=${redis.caFile}`,
      /certificate is for another host name/,
      'broker_unreachable',
    ],
    [
      'an authority that is not there',
      () => `rediss://localhost:${redis.tlsPort}/0?ssl_ca_certs=/nowhere.pem`,
      /ssl_ca_certs cannot be read/,
    ],
    [
      'TLS spoken to a server without',
      () => `rediss://127.0.0.1:${redis.port}/0`,
      /does it speak TLS there\?/,
      'broker_unreachable',
    ],
    [
      'no TLS spoken to a server with it',
      () => `redis://127.0.0.1:${redis.tlsPort}/0`,
      /rediss:\/\/|no Redis|connection was cut/,
      null,
    ],
    ['another kind of broker', () => 'sqs://key@localhost', /not of the form redis:/],
    ['no URL at all', () => 'localhost:6379', /not of the form redis:/],
    ['a port beyond any', () => 'redis://localhost:99999', /not of the form redis:/],
  ];
  for (const [name, url, error, code = 'broker_error'] of rows) {
    test(name, async () => {
      const answer = await read(await url());
      assert.equal(answer.length, null);
      if (code !== null) assert.equal(answer.error?.code, code);
      assert.match(answer.error?.text ?? '', error);
      assert.doesNotMatch(answer.error?.text ?? '', /secret|p@ss|p%40ss|blind:/);
    });
  }

  test('a key that is no list spoils its own project alone', async () => {
    const url = `redis://127.0.0.1:${redis.port}/0`;
    const lengths = await readQueues([
      { project: 'shop', url, queues: ['mail', 'text'] },
      { project: 'mail', url, queues: ['mail'] },
    ]);
    assert.match(
      lengths.get('shop')?.error?.text ?? '',
      /queue text: the key of that name is not a list/,
    );
    assert.equal(lengths.get('shop')?.length, null);
    assert.deepEqual(lengths.get('mail'), { length: 1, perQueue: { mail: 1 } });
  });

  test('a server that accepts and never answers costs the time limit, and the others nothing', async () => {
    const mute = await startMute();
    const start = performance.now();
    const lengths = await readQueues(
      [
        { project: 'mute', url: `redis://127.0.0.1:${mute.port}/0`, queues: ['celery'] },
        { project: 'mute-tls', url: `rediss://127.0.0.1:${mute.port}/0`, queues: ['celery'] },
        { project: 'shop', url: `redis://127.0.0.1:${redis.port}/0`, queues: ['mail'] },
      ],
      300,
    );
    const tookMs = performance.now() - start;
    await mute.stop();
    assert.match(lengths.get('mute')?.error?.text ?? '', /no answer within 0\.3 s/);
    assert.match(lengths.get('mute-tls')?.error?.text ?? '', /no answer within 0\.3 s/);
    assert.equal(lengths.get('shop')?.length, 1);
    assert.ok(tookMs >= 295 && tookMs < 15_000, `it took ${tookMs} ms`);
  });

  test('a server of another kind', async () => {
    const http = await startMute('HTTP/1.1 400 Bad Request\r\n\r\n');
    const answer = await read(`redis://127.0.0.1:${http.port}/0`);
    await http.stop();
    assert.match(answer.error?.text ?? '', /what answers there is not Redis/);
  });
});

test('one connection for all projects on a broker', async () => {
  const connections = () =>
    Number(/total_connections_received:(\d+)/.exec(redis.cli('info', 'stats'))?.[1]);
  const url = `redis://127.0.0.1:${redis.port}/0`;
  const earlier = connections();
  await readQueues(['a', 'b', 'c'].map((project) => ({ project, url, queues: ['celery'] })));
  // the second question of ours is a connection too
  assert.equal(connections() - earlier, 2);
});

test('nothing keeps the process alive, whatever the broker does', async () => {
  const mute = await startMute();
  const urls = [
    `redis://127.0.0.1:${redis.port}/0`,
    `redis://127.0.0.1:${mute.port}/0`,
    'redis://127.0.0.1:1/0',
  ];
  const script = `
    import { readQueues } from './src/queues/read-queues.ts';
    const urls = ${JSON.stringify(urls)};
    const answers = await readQueues(urls.map((url) => ({ project: url, url, queues: ['mail'] })), 200);
    console.log(JSON.stringify([...answers.values()].map(({ length }) => length)));`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let complaints = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  const exitCode = await new Promise((done) => child.once('close', done));
  await mute.stop();
  assert.equal(complaints, '');
  assert.equal(exitCode, 0);
  assert.deepEqual((JSON.parse(output) as unknown[]).toSorted(), [1, null, null]);
});
