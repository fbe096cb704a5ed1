import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { readQueues } from '../../../src/queues/read-queues.ts';
import { startRedis, type RedisServer } from '../redis/server.ts';
import { assertCleanError } from '../clean-error.ts';
import { HOSTILE_AMQP } from './hostile.ts';
import { startHostile } from '../hostile-server.ts';

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

describe('an AMQP server that does wrong costs its own project the value, which is never 0', () => {
  for (const { name, behave, says, counts = 1, tls, slow } of HOSTILE_AMQP) {
    test(name, async () => {
      const server = await startHostile(behave);
      const limitMs = slow === true ? SHORT_MS : LIMIT_MS;
      const url = `${tls === true ? 'amqps' : 'amqp'}://127.0.0.1:${server.port}`;
      const start = performance.now();
      const lengths = await readQueues(
        [
          { project: 'hostile', url, queues: ['celery'] },
          { project: 'healthy', url: `redis://127.0.0.1:${healthy.port}`, queues: ['celery'] },
        ],
        limitMs,
      );
      const tookMs = performance.now() - start;
      await server.stop();
      assert.ok(tookMs < limitMs + TOLERANCE_MS, `it took ${tookMs} ms`);
      assert.equal(lengths.get('healthy')?.length, 3);
      const { length, error } = lengths.get('hostile')!;
      if (says === null) return assert.deepEqual([length, error], [counts, undefined]);
      assert.equal(length, null);
      assertCleanError(error?.text, says);
    });
  }

  test('a queue whose name is too long for AMQP is an error of its own', async () => {
    const { behave } = HOSTILE_AMQP.find(({ name }) => name === 'heartbeats')!;
    const server = await startHostile(behave);
    const url = `amqp://127.0.0.1:${server.port}`;
    const queues = ['celery', 'x'.repeat(300)];
    const lengths = await readQueues([{ project: 'shop', url, queues }]);
    await server.stop();
    const { length, perQueue, error } = lengths.get('shop')!;
    assert.deepEqual([length, perQueue], [null, { celery: 1 }]);
    assertCleanError(error?.text, /queue x+…$/);
  });

  test('more queues than channels: an error', async () => {
    const { behave } = HOSTILE_AMQP.find(({ name }) => name === 'one channel')!;
    const server = await startHostile(behave);
    const url = `amqp://127.0.0.1:${server.port}`;
    const lengths = await readQueues([{ project: 'shop', url, queues: ['celery', 'mail'] }]);
    await server.stop();
    assertCleanError(lengths.get('shop')!.error?.text, /it allows too few channels \(1\)$/);
  });
});
