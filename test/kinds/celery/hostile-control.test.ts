import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { describe, test } from 'node:test';
import { askNode } from '../../../src/kinds/celery/control.ts';
import {
  FRAME,
  METHOD,
  long,
  octet,
  short,
  shortText,
  table,
  toFrame,
  toMethod,
} from '../../../src/queues/rabbitmq/frames.ts';
import type { ServiceSample } from '../../../src/model/types.ts';
import { withDrain } from '../../../src/kinds/celery/drain-rate.ts';
import { monotonicMs } from '../../../src/host/monotonic.ts';
import { assertCleanError } from '../../queues/clean-error.ts';
import { rabbitThat } from '../../queues/rabbitmq/hostile.ts';
import { startHostile, type Behaviour } from '../../queues/hostile-server.ts';

/** The name by which this very process would be asked, as it shows none of Celery's. */
const NODE = `celery@${hostname()}`;
const TIMEOUT_MS = 300;
/** For what ends by itself, on a busy machine too. */
const PATIENT_MS = 5000;

const bulk = (text: string) => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
const popped = (text: string) => `*2\r\n${bulk('queue')}${bulk(text)}`;
const envelope = (ticket: string, body: string, more: object = {}) =>
  JSON.stringify({ body, 'content-type': 'application/json', headers: { ticket }, ...more });

/** A Redis that answers each BRPOP by the next of `replies`, and then by nothing. */
function redisWith(replies: (ticket: string) => Iterable<string>): Behaviour {
  return (socket) => {
    let left: Iterator<string> | null = null;
    socket.on('data', (bytes) => {
      const text = bytes.toString();
      const published = /\{"body":"([^"]+)"/.exec(text)?.[1];
      if (published !== undefined) {
        const { ticket } = JSON.parse(Buffer.from(published, 'base64').toString()) as {
          ticket: string;
        };
        left = replies(ticket)[Symbol.iterator]();
        socket.write('+OK\r\n:0\r\n:1\r\n');
      } else if (/\$5\r\nbrpop/.test(text)) {
        const next = left?.next();
        socket.write(next === undefined || next.done === true ? '*-1\r\n' : next.value);
      } else socket.write(':0\r\n');
    });
  };
}

/** A RabbitMQ that delivers `bodies` to whoever publishes. */
function rabbitWith(bodies: (ticket: string) => (string | Buffer)[]): Behaviour {
  return (socket) => {
    let seen = '';
    socket.on('data', (bytes) => {
      if (seen === 'done') return;
      seen += bytes.toString('latin1');
      const ticket = /"ticket":"([^"]+)"/.exec(seen)?.[1];
      if (ticket === undefined) return;
      seen = 'done';
      for (const body of bodies(ticket)) {
        socket.write(typeof body === 'string' ? delivery(ticket, body) : body);
      }
    });
    rabbitThat({})(socket);
  };
}

function delivery(ticket: string, body: string, size = Buffer.byteLength(body)): Buffer {
  const announced = [shortText('c'), Buffer.alloc(9), shortText(''), shortText('q')];
  const head = [
    short(60),
    short(0),
    long(0),
    long(size),
    short(0x2000),
    table({ ticket, clock: 5 }),
  ];
  const parts = body.match(/[\s\S]{1,100000}/g) ?? [];
  return Buffer.concat([
    toMethod(1, METHOD.basicDeliver, announced),
    toFrame(FRAME.header, 1, Buffer.concat(head)),
    ...parts.map((part) => toFrame(FRAME.body, 1, Buffer.from(part))),
  ]);
}

async function withServer<T>(behave: Behaviour, use: (port: number) => Promise<T>): Promise<T> {
  const server = await startHostile(behave);
  try {
    return await use(server.port);
  } finally {
    await server.stop();
  }
}

function ask(url: string, timeoutMs = TIMEOUT_MS): Promise<unknown[]> {
  return askNode({ url }, { node: NODE, method: 'stats', arguments: {} }, timeoutMs);
}
const askRedis = (replies: (ticket: string) => Iterable<string>, timeoutMs = TIMEOUT_MS) =>
  withServer(redisWith(replies), (port) => ask(`redis://127.0.0.1:${port}`, timeoutMs));
const askRabbit = (bodies: (ticket: string) => (string | Buffer)[], timeoutMs = TIMEOUT_MS) =>
  withServer(rabbitWith(bodies), (port) => ask(`amqp://127.0.0.1:${port}`, timeoutMs));

describe('what anybody may answer for a Celery worker', () => {
  const right = JSON.stringify({ [NODE]: { pid: 5 } });
  const rows: [name: string, body: string, reply: unknown][] = [
    ['the right form', right, { pid: 5 }],
    ['no JSON', '{', null],
    ['nothing', '', null],
    ['a number', '5', null],
    ['null', 'null', null],
    ['a list', '[1]', null],
    ['the answer of another', JSON.stringify({ other: 1 }), null],
    ['200 KB of lists in lists', '['.repeat(100_000) + ']'.repeat(100_000), null],
  ];
  for (const [name, body, reply] of rows) {
    test(`${name}, by Redis`, async () => {
      assert.deepEqual(await askRedis((ticket) => [popped(envelope(ticket, body))]), [reply]);
    });
    if (body === '') continue;
    test(`${name}, by RabbitMQ`, async () => {
      assert.deepEqual(await askRabbit(() => [body]), [reply]);
    });
  }

  test('the answer in base64, as kombu sends it', async () => {
    const more = { properties: { body_encoding: 'base64' } };
    const body = Buffer.from(right).toString('base64');
    assert.deepEqual(await askRedis((ticket) => [popped(envelope(ticket, body, more))]), [
      { pid: 5 },
    ]);
  });

  const ignored: [name: string, reply: (ticket: string) => string][] = [
    ['no envelope', () => popped('x')],
    ['an envelope of a number', () => popped('5')],
    ['an envelope without headers', () => popped('{}')],
    ['headers that are a text', () => popped('{"headers":"x"}')],
    ['another ticket', () => popped(envelope('other', right))],
    ['300 KB', (ticket) => popped(envelope(ticket, 'x'.repeat(300_000)))],
    ['a number instead of a pair', () => ':5\r\n'],
    ['a pair of numbers', () => '*2\r\n:1\r\n:2\r\n'],
  ];
  for (const [name, reply] of ignored) {
    test(`${name} is no answer, and the one behind it is`, async () => {
      const found = await askRedis((ticket) => [reply(ticket), popped(envelope(ticket, right))]);
      assert.deepEqual(found, [{ pid: 5 }]);
    });
  }

  test('a body that is no text is an answer that cannot be read', async () => {
    const odd = (ticket: string) => popped(envelope(ticket, '', { body: { a: 1 } }));
    assert.deepEqual(await askRedis((ticket) => [odd(ticket)]), [null]);
  });

  test('of 10,000 answers a few are read, by Redis', async () => {
    const many = (ticket: string) =>
      Array(10_000).fill(popped(envelope(ticket, right))) as string[];
    assert.equal((await askRedis(many)).length, 16);
  });

  test('of 5,000 answers a few are read, by RabbitMQ', async () => {
    const many = (ticket: string) => [
      Buffer.concat(Array(5000).fill(delivery(ticket, '{}')) as Buffer[]),
    ];
    assert.equal((await askRabbit(many)).length, 16);
  });

  const faults: [name: string, run: () => Promise<unknown>, says: RegExp][] = [
    [
      '5 MB, by Redis',
      () => askRedis((t) => [popped(envelope(t, 'x'.repeat(5e6)))], PATIENT_MS),
      /more than 1024 KB$/,
    ],
    [
      '5 MB, by RabbitMQ',
      () => askRabbit(() => ['x'.repeat(5e6)], PATIENT_MS),
      /message that is too large$/,
    ],
    [
      'answers to others without an end, by Redis',
      () => askRedis(() => forEver(popped('x'.repeat(50_000))), PATIENT_MS),
      /more than 1024 KB$/,
    ],
    [
      'answers to others without an end, by RabbitMQ',
      () =>
        askRabbit(
          () => Array(100).fill(delivery('other', 'x'.repeat(50_000))) as Buffer[],
          PATIENT_MS,
        ),
      /more than 1024 KB$/,
    ],
    [
      'a body longer than it says',
      () => askRabbit((t) => [delivery(t, 'abc', 2)], PATIENT_MS),
      /length differs/,
    ],
    [
      'a body of 2^64 bytes',
      () => askRabbit(() => [hugeHead()], PATIENT_MS),
      /message that is too large$/,
    ],
    ['an error with escapes', () => askRedis(() => ['-ERR \x1b[31mx\r\n'], PATIENT_MS), /ERR x$/],
  ];
  for (const [name, run, says] of faults) {
    test(`${name}: an error`, async () => {
      const error = await run().then(
        () => 'none',
        ({ message }: Error) => message,
      );
      // which one that came too late would not say
      assertCleanError(error, says);
    });
  }

  test('a body that never ends: no answer, in time', async () => {
    const start = performance.now();
    assert.deepEqual(await askRabbit((t) => [delivery(t, 'abc', 100)]), []);
    assert.ok(performance.now() - start < TIMEOUT_MS + 15_000);
  });
});

describe('numbers of tasks that a worker tells', () => {
  const withTotal = async (total: string): Promise<ServiceSample> =>
    withServer(
      redisWith((ticket) => [
        popped(envelope(ticket, `{"${NODE}":{"pid":${process.pid},"total":${total}}}`)),
      ]),
      (port) =>
        withDrain(
          { workers: 2, queue_length: 3 },
          {
            ...{ service: 'shop.service', settings: { url: `redis://127.0.0.1:${port}` } },
            ...{ masterPid: process.pid, history: [], now: { boot: 'a', uptimeS: 1 } },
            deadline: monotonicMs() + 5000,
          },
        ),
    );
  const wrong = [
    ...['null', '5', '"x"', '[]', '[1]', '{"a":-1}', '{"a":1.5}', '{"a":"1"}', '{"a":null}'],
    ...['{"a":1e300}', '{"a":9007199254740991,"b":1}', '{"a":{"b":1}}', '{"a":[1]}', '{"a":true}'],
  ];
  for (const total of wrong) {
    test(`${total}: none`, async () => {
      const { tasks_total: found, drain_time_s: drain, errors } = await withTotal(total);
      assert.deepEqual([found, drain], [null, null]);
      assertCleanError(errors?.['drain_time_s']?.text, /did not report its numbers of tasks$/);
    });
  }

  test('whole numbers are added up', async () => {
    assert.equal((await withTotal('{"a":1,"b":2}')).tasks_total, 3);
  });
});

function* forEver(reply: string): Iterable<string> {
  for (;;) yield reply;
}

/** The head of a message that is said to be longer than any memory. */
function hugeHead(): Buffer {
  const announced = [shortText('c'), Buffer.alloc(9), shortText(''), shortText('q')];
  const size = [octet(255), Buffer.alloc(7, 255)];
  return Buffer.concat([
    toMethod(1, METHOD.basicDeliver, announced),
    toFrame(FRAME.header, 1, Buffer.concat([short(60), short(0), ...size, short(0)])),
  ]);
}
