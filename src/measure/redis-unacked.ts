import { nameServer, type Broker, type Server } from '../brokers/broker.ts';
import type { Redis, Reply } from '../brokers/redis-client.ts';
import { askSections } from '../brokers/redis.ts';
import { explainRedisError } from '../brokers/redis-errors.ts';
import type { BrokerAnswer, BrokerRequest } from './broker-answer.ts';

/** So many messages are read to see which queue they came from; more cost too much for a look. */
const MOST_READ = 1000;

/** A request, how many messages the hash of its database holds (the reply to HLEN), and the answer to complete. */
export interface Holding {
  request: BrokerRequest;
  size: Reply;
  answer: BrokerAnswer;
}

/** A message that was handed out, by how it was sent. */
interface Sent {
  exchange: string;
  routingKey: string;
}

/** The hash in which kombu keeps what it has handed out and is not acknowledged yet, of all queues of a database. */
export function unackedKey({ keys }: Broker): string {
  return keys.prefix + keys.unacked;
}

/**
 * Completes each answer by the tasks of its queues that are handed out and not acknowledged. Two round trips
 * for all: the messages, and the bindings that say which queue an exchange puts them into.
 */
export async function readUnacked(redis: Redis, server: Server, all: Holding[]): Promise<void> {
  const at = nameServer('redis', server);
  const holding = all.filter(({ size: [error, size], answer }) => {
    if (error !== null) answer.unacked = { error: tell(at, error) };
    else if (Number(size) > MOST_READ) answer.unacked = { error: tellMany(at, Number(size)) };
    else answer.unacked = 0;
    return answer.unacked === 0 && Number(size) > 0;
  });
  if (holding.length === 0) return;
  const values = await askSections(
    redis,
    server,
    holding.map(({ request: { broker } }) => ({
      database: broker.database,
      commands: [['hvals', unackedKey(broker)]],
    })),
  );
  const sent = values.map(([reply]) => (reply![1] as string[] | null)?.map(parseSent) ?? []);
  const exchanges = sent.map((messages) => [
    ...new Set(messages.flatMap((each) => (each?.exchange ? [each.exchange] : []))),
  ]);
  const bindings = await askSections(
    redis,
    server,
    holding.map(({ request: { broker } }, index) => ({
      database: broker.database,
      commands: exchanges[index]!.map((name) => [
        'smembers',
        `${broker.keys.prefix}_kombu.binding.${name}`,
      ]),
    })),
  );
  for (const [index, { request, answer }] of holding.entries()) {
    const refused = [...values[index]!, ...bindings[index]!].find(([error]) => error !== null);
    if (refused !== undefined) {
      answer.unacked = { error: tell(at, refused[0]!) };
      continue;
    }
    const byExchange = new Map(
      exchanges[index]!.map((name, i) => [name, bindings[index]![i]![1] as string[]]),
    );
    const own = new Set(request.queues);
    answer.unacked = sent[index]!.filter(
      (each) =>
        each !== null &&
        findQueues(each, byExchange.get(each.exchange) ?? [], request.broker.keys.separator).some(
          (queue) => own.has(queue),
        ),
    ).length;
  }
}

/** `[message, exchange, routing key]` as kombu writes it; null: something else. */
function parseSent(value: string): Sent | null {
  try {
    const [, exchange, routingKey] = JSON.parse(value) as unknown[];
    return typeof exchange === 'string' && typeof routingKey === 'string'
      ? { exchange, routingKey }
      : null;
  } catch {
    return null;
  }
}

/** The queues that a message was put into; an exchange without bindings is the default one, whose keys are queues. */
function findQueues(
  { exchange, routingKey }: Sent,
  bindings: readonly string[],
  separator: string,
): string[] {
  if (exchange === '' || bindings.length === 0) return [routingKey];
  return bindings
    .map((binding) => binding.split(separator))
    .filter(([key, pattern = '']) => key === routingKey || matches(pattern, routingKey))
    .map(([, , queue = '']) => queue);
}

/** kombu keeps the pattern of a topic as a regular expression. */
function matches(pattern: string, routingKey: string): boolean {
  if (pattern === '') return false;
  try {
    return new RegExp(pattern).test(routingKey);
  } catch {
    return false;
  }
}

function tell(at: string, error: Error): string {
  return `${at}: unacknowledged tasks: ${explainRedisError(error)}`;
}

function tellMany(at: string, size: number): string {
  return `${at}: ${size} unacknowledged tasks are more than the ${MOST_READ} that are read to find their queues`;
}
