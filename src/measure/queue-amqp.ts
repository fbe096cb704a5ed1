import { askAmqp, type OpenChannel } from '../brokers/amqp.ts';
import { explainAmqpError } from '../brokers/amqp-errors.ts';
import { nameServer } from '../brokers/broker.ts';
import type { Limits } from '../brokers/try-servers.ts';
import type { BrokerAnswer, BrokerRequest, QueueAnswer } from './broker-answer.ts';

const NOT_FOUND = 404;

/**
 * The waiting tasks of each queue of each request, all in one virtual host of one RabbitMQ: one connection, a
 * channel for each queue. They are declared passively, which makes none. Quorum queues answer as classic ones.
 *
 * @throws Error in plain words, without a password, where the server cannot be asked at all
 */
export function readAmqpQueues(
  requests: readonly BrokerRequest[],
  limits: Limits,
): Promise<BrokerAnswer[]> {
  const { broker } = requests[0]!;
  const names = [...new Set(requests.flatMap(({ queues }) => queues))];
  return askAmqp(broker, limits, async (open, server) => {
    const at = nameServer('amqp', server);
    const answers = await Promise.all(names.map((name) => readQueue(open, name, at)));
    const byName = new Map(names.map((name, index) => [name, answers[index]!]));
    return requests.map(({ queues }) => ({
      queues: new Map(queues.map((name) => [name, byName.get(name)!])),
    }));
  });
}

async function readQueue(open: OpenChannel, name: string, at: string): Promise<QueueAnswer> {
  const channel = await open();
  try {
    return (await channel.checkQueue(name)).messageCount;
  } catch (error) {
    if ((error as { code?: number }).code === NOT_FOUND) return 'missing';
    return { error: `${at}, queue ${name}: ${explainAmqpError(error as Error)}` };
  }
}
