import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  readQueues,
  type QueueLength,
  type QueueRequest,
} from '../../../src/queues/read-queues.ts';
import { startRedis, type RedisServer } from './server.ts';
import { assertCleanError } from '../clean-error.ts';
import { HOSTILE_REDIS, redisThat } from './hostile.ts';
import { startHostile, type Behaviour } from '../hostile-server.ts';

/** Enough for the slowest of them that answers, on a machine that is busy. */
const LIMIT_MS = 1500;
/** For those that are ended by it. */
const SHORT_MS = 300;
/** On a busy machine a moment is long; one that hangs, hangs for longer. */
const TOLERANCE_MS = 15_000;

let healthy: RedisServer;

before(async () => {
  healthy = await startRedis();
  healthy.cli('rpush', 'celery', 'a', 'b', 'c');
});
after(() => healthy.stop());

/** What is said of a hostile server while a healthy one is asked too. */
async function ask(
  behave: Behaviour,
  { limitMs = LIMIT_MS, scheme = 'redis', more = {} }: Asked = {},
): Promise<QueueLength> {
  const server = await startHostile(behave);
  try {
    const url = `${scheme}://127.0.0.1:${server.port}`;
    const start = performance.now();
    const lengths = await readQueues(
      [
        { project: 'hostile', url, queues: ['celery'], ...more },
        { project: 'healthy', url: `redis://127.0.0.1:${healthy.port}`, queues: ['celery'] },
      ],
      limitMs,
    );
    const tookMs = performance.now() - start;
    assert.ok(tookMs < limitMs + TOLERANCE_MS, `it took ${tookMs} ms`);
    assert.deepEqual(lengths.get('healthy'), { length: 3, perQueue: { celery: 3 } });
    return lengths.get('hostile')!;
  } finally {
    await server.stop();
  }
}

interface Asked {
  limitMs?: number;
  scheme?: string;
  more?: Partial<QueueRequest>;
}

describe('a Redis that does wrong costs its own project the value, which is never 0', () => {
  for (const { name, behave, says, tls, slow } of HOSTILE_REDIS) {
    test(name, async () => {
      const limitMs = slow === true ? SHORT_MS : LIMIT_MS;
      const scheme = tls === true ? 'rediss' : 'redis';
      const { length, error } = await ask(behave, { limitMs, scheme });
      assert.equal(length, null);
      assertCleanError(error?.text, says);
    });
  }

  test('one queue that is wrong spoils the sum, and another project on the server nothing', async () => {
    const server = await startHostile((socket) => {
      socket.on('data', () =>
        socket.write('+OK\r\n+OK\r\n:1\r\n:1\r\n+OK\r\n:1\r\n:-1\r\n+OK\r\n'),
      );
    });
    const url = `redis://127.0.0.1:${server.port}`;
    const options = { priority_steps: [0] };
    const lengths = await readQueues([
      { project: 'one', url, queues: ['a', 'b'], options },
      { project: 'two', url, queues: ['a', 'c'], options },
    ]);
    await server.stop();
    assert.equal(lengths.get('one')?.length, 2);
    assert.equal(lengths.get('two')?.length, null);
    assert.deepEqual(lengths.get('two')?.perQueue, { a: 1 });
  });

  test('queues that are exact alone, but not together', async () => {
    const { length, error } = await ask(redisThat({ llen: ':9007199254740991\r\n' }), {
      more: { queues: ['a', 'b'], options: { priority_steps: [0] } },
    });
    assert.equal(length, null);
    assertCleanError(error?.text, /more tasks than can be counted$/);
  });
});

describe('tasks that are not acknowledged, of a Redis that does wrong: the length holds', () => {
  const rows: [name: string, answers: Record<string, string>, says: RegExp][] = [
    ['their number is negative', { hlen: ':-1\r\n' }, /its answer does not fit what was asked$/],
    ['their number is nil', { hlen: '$-1\r\n' }, /its answer does not fit what was asked$/],
    [
      'they are one number',
      { hlen: ':1\r\n', hvals: ':1\r\n' },
      /its answer does not fit what was asked$/,
    ],
    [
      'they are nil',
      { hlen: ':1\r\n', hvals: '*-1\r\n' },
      /its answer does not fit what was asked$/,
    ],
    [
      'one is a number',
      { hlen: ':1\r\n', hvals: '*1\r\n:1\r\n' },
      /its answer does not fit what was asked$/,
    ],
    [
      'they are refused',
      { hlen: ':1\r\n', hvals: '-NOPERM x\r\n' },
      /may not run HVALS: its ACL lacks \+hvals$/,
    ],
    [
      'they have no end',
      { hlen: ':1\r\n', hvals: `*1\r\n$9000000\r\n${'x'.repeat(9e6)}\r\n` },
      /more than 4096 KB$/,
    ],
    ['nothing more is said', { hlen: ':1\r\n', hvals: '' }, /no answer within/],
    [
      'their bindings are a number',
      { hlen: ':1\r\n', hvals: listOf('[{}, "shop", "a"]'), smembers: ':1\r\n' },
      /its answer does not fit what was asked$/,
    ],
    [
      'their bindings are too many',
      {
        hlen: ':30\r\n',
        hvals: listOf(...Array.from({ length: 30 }, (_, i) => `[{}, "shop", "${i}"]`)),
        smembers: listOf(...Array.from({ length: 1000 }, (_, i) => `${i}x\x06\x16\x06\x16q`)),
      },
      /too many bindings/,
    ],
  ];
  for (const [name, answers, says] of rows) {
    test(name, async () => {
      const limitMs = answers['hvals'] === '' ? SHORT_MS : LIMIT_MS;
      const found = await ask(redisThat(answers), { limitMs, more: { wantsUnacked: true } });
      assert.equal(found.length, 4);
      assert.equal(found.unacked, null);
      assertCleanError(found.unackedError?.text, says);
    });
  }

  test('a regular expression that would run for ever is not run', async () => {
    const bound = [`${'#.'.repeat(60)}x`, `^${'(.*)*'.repeat(20)}x$`, 'celery'].join('\x06\x16');
    const found = await ask(
      redisThat({
        hlen: ':1\r\n',
        hvals: listOf(`[{}, "shop", "${'a.'.repeat(100)}"]`),
        smembers: listOf(bound),
      }),
      { more: { wantsUnacked: true } },
    );
    assert.equal(found.unacked, 0);
  });

  test('of a message of 1 MB, and of lists nested as deep as it is long, the end is read', async () => {
    const messages = [
      `[{"body": "${'x'.repeat(1_000_000)}"}, "", "celery"]`,
      `[{"body": ${'['.repeat(500_000)}${']'.repeat(500_000)}}, "", "celery"]`,
      `[{"body": "}, \\"", "x": "}, \\""}, "", "celery"]`,
      `${'['.repeat(500_000)}`,
      `[{}, 5, "celery"]`,
      `{"a": 5}`,
    ];
    const found = await ask(redisThat({ hlen: ':6\r\n', hvals: listOf(...messages) }), {
      more: { wantsUnacked: true },
    });
    assert.equal(found.unacked, 3);
  });
});

describe('a sentinel that does wrong', () => {
  const askSentinel = (answer: string) =>
    ask(redisThat({ sentinel: answer }), {
      scheme: 'sentinel',
      more: { options: { master_name: 'shop' } },
    });
  const rows: [name: string, answer: string, says: RegExp][] = [
    ['a port beyond any', listOf('127.0.0.1', '99999'), /a master that has no address$/],
    ['a port that is none', listOf('127.0.0.1', '-1'), /a master that has no address$/],
    ['a port in other words', listOf('127.0.0.1', '6379 '), /a master that has no address$/],
    ['a host with NULs', listOf('a\0b', '6379'), /a master that has no address$/],
    ['a host with escapes', listOf('\x1b[31mx', '6379'), /a master that has no address$/],
    ['a host that is an option', listOf('--help', '6379'), /the host name is unknown$/],
    ['a path', listOf('/run/redis.sock', '6379'), /a master that has no address$/],
    ['no host', listOf('', '6379'), /a master that has no address$/],
    ['a host of 1 MB', listOf('x'.repeat(200_000), '6379'), /a master that has no address$/],
    ['three things', listOf('127.0.0.1', '6379', 'x'), /a master that has no address$/],
    ['a number', ':1\r\n', /a master that has no address$/],
    ['numbers', '*2\r\n:1\r\n:2\r\n', /a master that has no address$/],
    ['nobody', '*-1\r\n', /knows no master "shop"$/],
    ['an error', `-ERR \x1b[31mx\r\n`, /ERR x$/],
    ['a host that nobody knows', listOf('no-such-host.invalid', '6379'), /host name/],
  ];
  for (const [name, answer, says] of rows) {
    test(`it names ${name}`, async () => {
      const { length, error } = await askSentinel(answer);
      assert.equal(length, null);
      assertCleanError(error?.text, says);
    });
  }

  test('it names itself', async () => {
    let port = 0;
    const server = await startHostile((socket) =>
      redisThat({
        sentinel: listOf('127.0.0.1', String(port)),
        role: '*2\r\n$8\r\nsentinel\r\n*0\r\n',
      })(socket),
    );
    ({ port } = server);
    const url = `sentinel://127.0.0.1:${port}`;
    const options = { master_name: 'shop' };
    const request = { project: 'hostile', url, options, queues: ['celery'] };
    const { length, error } = (await readQueues([request])).get('hostile')!;
    await server.stop();
    assert.equal(length, null);
    assertCleanError(error?.text, /it is not a master, although Sentinel says so$/);
  });

  test('it names a master that says nothing: both limits, and no more', async () => {
    const mute = await startHostile(() => undefined);
    const start = performance.now();
    const { length, error } = await ask(
      redisThat({ sentinel: listOf('127.0.0.1', String(mute.port)) }),
      { scheme: 'sentinel', more: { options: { master_name: 'shop' } }, limitMs: SHORT_MS * 2 },
    );
    await mute.stop();
    assert.equal(length, null);
    assertCleanError(error?.text, /no answer within/);
    assert.ok(performance.now() - start < 4 * SHORT_MS + TOLERANCE_MS);
  });
});

function listOf(...texts: string[]): string {
  return `*${texts.length}\r\n${texts.map((text) => `$${Buffer.byteLength(text)}\r\n${text}\r\n`).join('')}`;
}
