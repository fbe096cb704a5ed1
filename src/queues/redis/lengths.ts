import { measureError } from '../../model/measure-error.ts';
import { codeOf } from '../broker-error.ts';
import { nameServer, type RedisBroker, type RedisServer } from './broker.ts';
import type { Redis, Reply } from './client.ts';
import { sumCounts } from '../count.ts';
import { askRedis, askSections, type Section } from './ask.ts';
import { explainRedisError } from './errors.ts';
import type { Limits } from '../queue.ts';
import type { BrokerAnswer, BrokerRequest, QueueAnswer } from '../queue.ts';
import { MOST_MESSAGE_BYTES, readUnacked, unackedKey } from './unacked.ts';

/**
 * The waiting tasks of each queue of each request, all on one server: one connection, one round trip for all the lists, no
 * command that holds the server up. Unacknowledged tasks cost up to two more round trips; if these fail, the lengths are
 * still valid.
 *
 * @throws Error in plain words, without a password, if the server cannot be asked at all
 */
export async function readLengths(
  requests: readonly BrokerRequest<RedisBroker>[],
  limits: Limits,
): Promise<BrokerAnswer[]> {
  const { broker } = requests[0]!;
  let known: BrokerAnswer[] | null = null;
  const ask = async (redis: Redis, server: RedisServer): Promise<BrokerAnswer[]> => {
    const at = nameServer(server);
    const sections = requests.map(toSection);
    const [role, ...replies] = await askSections(redis, server, [
      { database: 0, commands: broker.sentinel === null ? [] : [['role']] },
      ...sections,
      // proves that there was no surplus answer before it
      { ...sections.at(-1)!, commands: [] },
    ]);
    requireMaster(role?.[0]);
    const answers = requests.map((request, index) => addUp(request, replies[index]!, at));
    const holding = requests.flatMap((request, index) => {
      const size = request.wantsUnacked ? replies[index]!.at(-1) : undefined;
      return size === undefined ? [] : [{ request, size, answer: answers[index]! }];
    });
    known = answers;
    if (holding.length > 0) await readUnacked(redis, server, holding);
    return answers;
  };
  const readsMessages = requests.some(({ wantsUnacked }) => wantsUnacked);
  try {
    return await askRedis(broker, limits, ask, {
      ...(readsMessages && { mostBytes: MOST_MESSAGE_BYTES }),
      isLast: true,
    });
  } catch (error) {
    if (known === null) throw error;
    const text = `unacknowledged tasks: ${(error as Error).message}`;
    const unacked = measureError(codeOf(error), text);
    return (known as BrokerAnswer[]).map(({ queues }, index) =>
      requests[index]!.wantsUnacked ? { queues, unacked } : { queues },
    );
  }
}

function toSection({ broker, queues, wantsUnacked }: BrokerRequest<RedisBroker>): Section {
  return {
    database: broker.database,
    commands: [
      ...queues.flatMap((queue) => listKeys(broker, queue).map((key) => ['llen', key])),
      ...(wantsUnacked ? [['hlen', unackedKey(broker)]] : []),
    ],
  };
}

/** kombu keeps a list for each priority step: the queue itself for 0, `QUEUE\x06\x16STEP` for the others. */
function listKeys({ keys }: RedisBroker, queue: string): string[] {
  return keys.prioritySteps.map((step) =>
    step === 0 ? keys.prefix + queue : `${keys.prefix}${queue}${keys.separator}${step}`,
  );
}

function addUp(
  { broker, queues }: BrokerRequest<RedisBroker>,
  replies: Reply[],
  at: string,
): BrokerAnswer {
  const width = broker.keys.prioritySteps.length;
  const lengths = queues.map((queue, index): [string, QueueAnswer] => {
    const own = replies.slice(index * width, (index + 1) * width);
    const error = own.find(([fault]) => fault !== null)?.[0];
    if (error) {
      const { code, text } = explainRedisError(error);
      return [queue, measureError(code, `${at}, queue ${queue}: ${text}`)];
    }
    const length = sumCounts(own.map(([, each]) => each));
    return [queue, length ?? measureError('broker_error', `${at}, queue ${queue}: ${NO_COUNT}`)];
  });
  return { queues: new Map(lengths) };
}

/** How an answer is described that is not a length. */
const NO_COUNT = 'its answer is not a number of tasks';

/** The server that Sentinel named may just have been replaced, and would report queues that nobody fills any longer. */
function requireMaster([, role]: Reply = [null, null]): void {
  if (!Array.isArray(role) || role[0] === 'master') return;
  throw new Error(
    role[0] === 'slave'
      ? 'it is a replica now, another Redis has become the master'
      : 'it is not a master, although Sentinel says so',
  );
}
