import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { FRAME, createFrameReader, toFrame } from '../../src/queues/rabbitmq/frames.ts';
import { createReplyReader, encodeCommand } from '../../src/queues/redis/resp.ts';
import { cpuMsOf } from '../cpu-time.ts';

type Create = (take: (found: unknown) => void) => (bytes: Buffer) => void;

const READERS: Record<string, Create> = {
  RESP: createReplyReader,
  AMQP: (take) =>
    createFrameReader(({ payload, ...frame }) =>
      take({ ...frame, payload: payload.toString('hex') }),
    ),
};

/** What is read of bytes that come in pieces, and what is said where they are wrong. */
function read(
  create: Create,
  pieces: readonly Buffer[],
): { found: unknown[]; fault: string | null } {
  const found: unknown[] = [];
  const take = create((each) => found.push(each instanceof Error ? { error: each.message } : each));
  try {
    for (const piece of pieces) take(piece);
    return { found, fault: null };
  } catch (error) {
    assert.ok(error instanceof Error && error.constructor === Error, String(error));
    return { found, fault: error.message };
  }
}

/** Cut at these places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort(
    (a, b) => a - b,
  );
  return ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end));
}

const token = fc.constantFrom(
  ...[
    '+OK\r\n',
    '-ERR x\r\n',
    ':7\r\n',
    ':-7\r\n',
    '$1\r\n',
    'x\r\n',
    '$-1\r\n',
    '*2\r\n',
    '*0\r\n',
  ],
  ...[
    '*-1\r\n',
    '$3\r\nabc\r\n',
    '*',
    '$',
    ':',
    '\r',
    '\n',
    '\r\n',
    '1',
    '%1\r\n',
    '_\r\n',
    '\xff',
  ],
);
const frame = fc
  .record({
    type: fc.constantFrom(1, 2, 3, 8, 8, 9),
    channel: fc.nat(3),
    payload: fc.uint8Array({ maxLength: 20 }),
  })
  .map(({ type, channel, payload }) => toFrame(type, channel, Buffer.from(payload)));
const ANY: Record<string, fc.Arbitrary<Buffer>> = {
  RESP: fc.array(token, { maxLength: 20 }).map((tokens) => Buffer.from(tokens.join(''), 'latin1')),
  AMQP: fc
    .array(
      fc.oneof(
        frame,
        frame,
        fc.uint8Array({ maxLength: 8 }).map((each) => Buffer.from(each)),
      ),
      {
        maxLength: 8,
      },
    )
    .map((parts) => Buffer.concat(parts)),
};

for (const [name, create] of Object.entries(READERS)) {
  describe(`the reader of ${name}`, () => {
    test('reads the same in any pieces, and throws nothing but its own words', () => {
      const bytes = fc.oneof(
        ANY[name]!,
        fc.uint8Array({ maxLength: 60 }).map((each) => Buffer.from(each)),
      );
      fc.assert(
        fc.property(bytes, fc.array(fc.nat(400), { maxLength: 12 }), (all, places) => {
          assert.deepEqual(read(create, cut(all, places)), read(create, [all]));
        }),
        { numRuns: 10_000 },
      );
    });
  });
}

test('commands are read as they were written', () => {
  const word = fc.string({ unit: 'binary', maxLength: 20 }).filter((text) => !/\p{Cs}/u.test(text));
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 10 }), (words) => {
      const { found } = read(createReplyReader, [Buffer.from(encodeCommand(words))]);
      assert.deepEqual(found, [words]);
    }),
    { numRuns: 2000 },
  );
});

describe('time is linear', () => {
  const MB = 1024 * 1024;
  const heartbeat = toFrame(FRAME.heartbeat, 0, Buffer.alloc(0));
  const rows: [name: string, create: Create, bytes: Buffer, piece: number][] = [
    ['4 MB of states', createReplyReader, Buffer.from('+OK\r\n'.repeat((4 * MB) / 5)), 65_536],
    [
      'a text of 4 MB',
      createReplyReader,
      Buffer.from(`$${4 * MB}\r\n${'x'.repeat(4 * MB)}\r\n`),
      1024,
    ],
    [
      'a text of 256 KB in single bytes',
      createReplyReader,
      Buffer.from(`$${MB / 4}\r\n${'x'.repeat(MB / 4)}\r\n`),
      1,
    ],
    [
      '256 KB of states in single bytes',
      createReplyReader,
      Buffer.from('+OK\r\n'.repeat(MB / 20)),
      1,
    ],
    [
      '4 MB of heartbeats',
      READERS['AMQP']!,
      Buffer.concat(Array(MB / 2).fill(heartbeat) as Buffer[]),
      65_536,
    ],
    [
      'a frame of 128 KB in single bytes',
      READERS['AMQP']!,
      toFrame(3, 1, Buffer.alloc(131_000)),
      1,
    ],
  ];
  for (const [name, create, bytes, piece] of rows) {
    test(name, () => {
      const pieces: Buffer[] = [];
      for (let at = 0; at < bytes.length; at += piece) pieces.push(bytes.subarray(at, at + piece));
      const ms = cpuMsOf(() => {
        const { found, fault } = read(create, pieces);
        assert.deepEqual([fault, found.length > 0], [null, true]);
      });
      assert.ok(ms < 15_000, `${ms} ms`);
    });
  }
});
