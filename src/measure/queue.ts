import { parseBrokerUrl } from '../brokers/broker-url.ts';

/** The queues of one project on its broker. */
export interface QueueRequest {
  project: string;
  url: string;
  queues: string[];
}

/** Tasks that wait: together, null where any of the queues could not be read, and in each that could. */
export interface QueueLength {
  length: number | null;
  error?: string;
  perQueue: Record<string, number>;
}

/** What a broker answers for one queue. */
export type QueueAnswer = number | { error: string };

/**
 * The tasks that wait in the queues of each project. All brokers are asked side by side, each once
 * whatever the number of projects on it, and `timeoutMs` is the limit for all of it. Never fails.
 */
export async function readQueues(
  requests: QueueRequest[],
  timeoutMs = 2000,
): Promise<Map<string, QueueLength>> {
  const byUrl = new Map<string, QueueRequest[]>();
  for (const request of requests) {
    byUrl.set(request.url, [...(byUrl.get(request.url) ?? []), request]);
  }
  const lengths = new Map<string, QueueLength>();
  const readBroker = async ([url, those]: [string, QueueRequest[]]): Promise<void> => {
    const queues = [...new Set(those.flatMap((request) => request.queues))];
    const answers = await askBroker(url, queues, timeoutMs).catch((error: Error) => error);
    for (const request of those) lengths.set(request.project, addUp(request.queues, answers));
  };
  await Promise.all([...byUrl].map(readBroker));
  return lengths;
}

/** Asks the broker by the client that its scheme needs; throws an Error in plain words, without a password. */
async function askBroker(
  url: string,
  queues: string[],
  timeoutMs: number,
): Promise<Map<string, QueueAnswer>> {
  const broker = parseBrokerUrl(url);
  if (broker === null) throw new Error('the broker URL is not of the form redis://HOST:PORT/DB');
  if (broker.scheme !== 'redis' && broker.scheme !== 'rediss') {
    throw new Error(`queues on a broker of the kind ${broker.scheme}:// cannot be read yet`);
  }
  const { readRedisQueues } = await import('./queue-redis.ts');
  return readRedisQueues(broker, queues, timeoutMs);
}

function addUp(queues: string[], answers: Map<string, QueueAnswer> | Error): QueueLength {
  if (answers instanceof Error) return { length: null, error: answers.message, perQueue: {} };
  const perQueue: Record<string, number> = {};
  const errors: string[] = [];
  for (const queue of new Set(queues)) {
    const answer = answers.get(queue) ?? { error: `the broker says nothing of queue ${queue}` };
    if (typeof answer === 'number') perQueue[queue] = answer;
    else errors.push(answer.error);
  }
  if (errors.length > 0) return { length: null, error: errors.join('; '), perQueue };
  return { length: Object.values(perQueue).reduce((sum, length) => sum + length, 0), perQueue };
}
