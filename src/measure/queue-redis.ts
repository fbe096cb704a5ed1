import type { BrokerUrl } from '../brokers/broker-url.ts';
import type { Reply } from '../brokers/redis-client.ts';
import { askRedis, beginPipeline, nameRedis, readReplies } from '../brokers/redis.ts';
import { explainRedisError } from '../brokers/redis-errors.ts';
import type { QueueAnswer } from './queue.ts';

/** kombu keeps a list for each priority step: the queue itself for 0, `QUEUE\x06\x16STEP` for the others. */
const PRIORITY_SUFFIXES = ['', '\x06\x163', '\x06\x166', '\x06\x169'];

/**
 * The waiting tasks of each queue: one connection, one round trip for all of it, no command that holds
 * the server up. The connection is gone when this returns.
 *
 * @throws Error in plain words, without a password, where the server cannot be asked at all
 */
export async function readRedisQueues(
  broker: BrokerUrl,
  queues: string[],
  timeoutMs: number,
): Promise<Map<string, QueueAnswer>> {
  const lengths = await askRedis(broker, timeoutMs, async (redis) => {
    const pipeline = beginPipeline(redis, broker);
    for (const queue of queues) {
      for (const suffix of PRIORITY_SUFFIXES) pipeline.llen(queue + suffix);
    }
    return readReplies(broker, await pipeline.exec());
  });
  return addUp(lengths, queues, nameRedis(broker));
}

function addUp(lengths: Reply[], queues: string[], at: string): Map<string, QueueAnswer> {
  const answers = new Map<string, QueueAnswer>();
  for (const [index, queue] of queues.entries()) {
    const own = lengths.slice(index * PRIORITY_SUFFIXES.length).slice(0, PRIORITY_SUFFIXES.length);
    const error = own.find(([fault]) => fault !== null)?.[0];
    const sum = own.reduce((total, [, length]) => total + Number(length), 0);
    answers.set(
      queue,
      error ? { error: `${at}, queue ${queue}: ${explainRedisError(error)}` } : sum,
    );
  }
  return answers;
}
