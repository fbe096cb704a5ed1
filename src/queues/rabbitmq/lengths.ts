import { measureError } from '../../model/measure-error.ts';
import { askAmqp, type OpenChannel } from './ask.ts';
import { nameServer, type RabbitBroker } from './broker.ts';
import { AmqpRefusal } from './refusal.ts';
import { explainAmqpError } from './errors.ts';
import { METHOD, octet, short, shortText, table } from './frames.ts';
import type { Limits } from '../queue.ts';
import type { BrokerAnswer, BrokerRequest, QueueAnswer } from '../queue.ts';

const NOT_FOUND = 404;
/** The bit of a declaration that makes nothing. */
const PASSIVE = 1;

/**
 * The waiting tasks of each queue of each request, all in one virtual host of one RabbitMQ: one connection, a
 * channel for each queue. They are declared passively, which makes none. Quorum queues answer as classic ones.
 *
 * @throws Error in plain words, without a password, where the server cannot be asked at all
 */
export function readLengths(
  requests: readonly BrokerRequest<RabbitBroker>[],
  limits: Limits,
): Promise<BrokerAnswer[]> {
  const { broker } = requests[0]!;
  const names = [...new Set(requests.flatMap(({ queues }) => queues))];
  return askAmqp(broker, limits, async (open, server) => {
    const at = nameServer(server);
    const answers = await Promise.all(names.map((name) => readQueue(open, name, at)));
    const byName = new Map(names.map((name, index) => [name, answers[index]!]));
    return requests.map(({ queues }) => ({
      queues: new Map(queues.map((name) => [name, byName.get(name)!])),
    }));
  });
}

async function readQueue(open: OpenChannel, name: string, at: string): Promise<QueueAnswer> {
  try {
    const channel = await open();
    const declaration = [short(0), shortText(name), octet(PASSIVE), table({})];
    const declared = await channel.call(METHOD.queueDeclare, declaration, METHOD.queueDeclareOk);
    if (declared.shortText() !== name) throw new Error('it answers for another queue');
    return declared.long();
  } catch (error) {
    if (error instanceof AmqpRefusal && error.code === NOT_FOUND) return 'missing';
    const { code, text } = explainAmqpError(error as Error);
    return measureError(code, `${at}, queue ${name}: ${text}`);
  }
}
