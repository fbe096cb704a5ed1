import { measureError, type MeasureError } from '../../model/measure-error.ts';
import { nameServer, type RedisBroker, type RedisServer } from './broker.ts';
import type { Redis, Reply } from './client.ts';
import { isCount } from '../count.ts';
import { askSections } from './ask.ts';
import { explainRedisError } from './errors.ts';
import type { BrokerAnswer, BrokerRequest } from '../queue.ts';
import { matchesTopic } from '../topic.ts';

/** How many messages are read to see which queue they came from; more would cost too much. */
const MOST_READ = 1000;
/** The total size that they, and everything else on that connection, may have. */
export const MOST_MESSAGE_BYTES = 4 * 1024 * 1024;
/** An exchange and a routing key, as JSON: AMQP allows them 255 bytes each. */
const MOST_NAME_CHARS = 4096;
/** How many pairs of a routing key and a binding are compared. */
const MOST_COMPARED = 20_000;

/** A request, how many messages the hash of its database holds (the reply to HLEN), and the answer to complete. */
export interface Holding {
  request: BrokerRequest<RedisBroker>;
  size: Reply;
  answer: BrokerAnswer;
}

/** A message that was handed out, by how it was sent. */
interface Sent {
  exchange: string;
  routingKey: string;
  /** the task must not begin before this time, milliseconds since 1970; null: it may begin at once */
  etaMs: number | null;
}

/** The hash in which kombu keeps the messages of all queues of a database that are handed out and not yet acknowledged. */
export function unackedKey({ keys }: RedisBroker): string {
  return keys.prefix + keys.unacked;
}

/**
 * Adds to each answer the number of tasks of its queues that are handed out and not acknowledged. It takes two round trips
 * for all: the messages, and the bindings that say which queue an exchange puts them into. A worker takes a task for a
 * later time (ETA, countdown) at once and keeps it until then: it is not work yet, and does not count.
 */
export async function readUnacked(
  redis: Redis,
  server: RedisServer,
  all: Holding[],
): Promise<void> {
  const at = nameServer(server);
  const holding = all.filter(({ size: [error, size], answer }) => {
    if (error !== null) answer.unacked = tell(at, error);
    else if (!isCount(size)) answer.unacked = tell(at, new Error(NO_ANSWER));
    else if (size > MOST_READ) answer.unacked = tellMany(at, size);
    else answer.unacked = 0;
    return answer.unacked === 0 && size !== 0;
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
  const sent = values.map(([reply]) => readTexts(reply).map(parseSent));
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
    try {
      for (const reply of [...values[index]!, ...bindings[index]!]) requireTexts(reply);
      const byExchange = new Map(
        exchanges[index]!.map((name, i) => [name, readTexts(bindings[index]![i])]),
      );
      answer.unacked = countOwn(request, sent[index]!, byExchange);
    } catch (error) {
      answer.unacked = tell(at, error as Error);
    }
  }
}

/** How an answer is described that does not have the type that the question asks for. */
const NO_ANSWER = 'its answer does not fit what was asked';

function readTexts([, value]: Reply = [null, null]): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

function requireTexts(reply: Reply): void {
  const [error, value] = reply;
  if (error !== null) throw error;
  if (!Array.isArray(value) || readTexts(reply).length < value.length) throw new Error(NO_ANSWER);
}

/** How many of the messages are in queues of the request. */
function countOwn(
  { queues, broker: { keys } }: BrokerRequest<RedisBroker>,
  messages: readonly (Sent | null)[],
  bindings: ReadonlyMap<string, string[]>,
): number {
  const own = new Set(queues);
  /** by exchange and routing key, which most messages have in common */
  const known = new Map<string, boolean>();
  let left = MOST_COMPARED;
  const isOwn = (sent: Sent): boolean => {
    const bound = bindings.get(sent.exchange) ?? [];
    left -= bound.length;
    if (left < 0) throw new Error('it has too many bindings to find the queues');
    return findQueues(sent, bound, keys.separator).some((queue) => own.has(queue));
  };
  const nowMs = Date.now();
  return messages.filter((sent) => {
    if (sent === null || (sent.etaMs ?? 0) > nowMs) return false;
    const key = JSON.stringify([sent.exchange, sent.routingKey]);
    const found = known.get(key) ?? isOwn(sent);
    known.set(key, found);
    return found;
  }).length;
}

/**
 * `[message, exchange, routing key]` as kombu writes it; null: something else. Only the end of a large message is parsed,
 * since a parsed message takes far more memory than its text.
 */
function parseSent(value: string): Sent | null {
  const end = value.slice(-MOST_NAME_CHARS);
  const names = end === value ? value : `[{${end.slice(end.lastIndexOf('}, "'))}`;
  try {
    const [, exchange, routingKey] = JSON.parse(names) as unknown[];
    return typeof exchange === 'string' && typeof routingKey === 'string'
      ? { exchange, routingKey, etaMs: readEta(end) }
      : null;
  } catch {
    return null;
  }
}

/**
 * The `eta` in a message's headers, which are near its end; inside texts, quotes are escaped with a backslash. Celery
 * writes it with its time zone, or in UTC without one.
 */
function readEta(text: string): number | null {
  const eta = /[{,] ?"eta": ?"([\d:.T+-]{10,40})Z?"/.exec(text)?.[1];
  if (eta === undefined) return null;
  const ms = Date.parse(/[+-]\d\d:?\d\d$/.test(eta) && eta.includes('T') ? eta : `${eta}Z`);
  return Number.isNaN(ms) ? null : ms;
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
    .filter(
      ([key = '', pattern = '']) =>
        key === routingKey || (pattern !== '' && matchesTopic(key, routingKey)),
    )
    .map(([, , queue = '']) => queue);
}

function tell(at: string, error: Error): MeasureError {
  const { code, text } = explainRedisError(error);
  return measureError(code, `${at}: unacknowledged tasks: ${text}`);
}

function tellMany(at: string, size: number): MeasureError {
  const text = `${at}: ${size} unacknowledged tasks are more than the ${MOST_READ} that are read to find their queues`;
  return measureError('broker_error', text);
}
