import { resolveBroker } from './broker.ts';
import { sumCounts } from './count.ts';
import { BROKERS_MS } from './time-limit.ts';
import type { Limits } from './queue.ts';
import { limitsFromNow } from './try-servers.ts';
import { cleanText } from '../model/clean-text.ts';
import { measureError, type MeasureError } from '../model/measure-error.ts';
import { commonCode, toMeasureError } from './broker-error.ts';
import type { BrokerAnswer, BrokerRequest, BrokerSettings } from './queue.ts';

/** The queues of one project on its broker. */
export interface QueueRequest extends BrokerSettings {
  project: string;
  queues: string[];
  /** whether unacknowledged tasks are asked for too; default: no */
  wantsUnacked?: boolean;
}

/** Waiting tasks: the sum (null if any of the queues could not be read), and the length of each queue that could. */
export interface QueueLength {
  length: number | null;
  error?: MeasureError;
  /** what the number alone does not say */
  note?: string;
  perQueue: Record<string, number>;
  /** handed out and not acknowledged; missing if nobody asked, null with an error if they could not be determined */
  unacked?: number | null;
  unackedError?: MeasureError;
}

/** How long one server may take, milliseconds. */
const SERVER_MS = 2000;

/**
 * The tasks that wait in the queues of each project. All brokers are asked in parallel, each only once however many
 * projects and databases are on it; a server has `serverMs` to answer, and all together BROKERS_MS. Never fails.
 */
export async function readQueues(
  requests: QueueRequest[],
  serverMs = SERVER_MS,
): Promise<Map<string, QueueLength>> {
  const limits = limitsFromNow(serverMs, BROKERS_MS);
  const lengths = new Map<string, QueueLength>();
  const byServer = new Map<string, (BrokerRequest & { project: string })[]>();
  for (const { project, queues, wantsUnacked = false, ...settings } of requests) {
    try {
      const broker = resolveBroker(settings);
      const request = { project, broker, queues: [...new Set(queues)], wantsUnacked };
      const { connection } = broker;
      byServer.set(connection, [...(byServer.get(connection) ?? []), request]);
    } catch (error) {
      lengths.set(project, unknown(error as Error, wantsUnacked));
    }
  }
  await Promise.all(
    [...byServer.values()].map(async (those) => {
      const answers = await askBroker(those, limits).catch((error: Error) => error);
      for (const [index, { project, wantsUnacked }] of those.entries()) {
        const length =
          answers instanceof Error ? unknown(answers, wantsUnacked) : addUp(answers[index]!);
        lengths.set(project, length);
      }
    }),
  );
  return lengths;
}

/** Asks a server with the client that it needs, which is loaded now; throws an Error in plain words, without a password. */
async function askBroker(requests: BrokerRequest[], limits: Limits): Promise<BrokerAnswer[]> {
  const client = await requests[0]!.broker.backend.load();
  return client.readLengths(requests, limits);
}

function unknown(fault: Error, wantsUnacked: boolean): QueueLength {
  const error = toMeasureError(fault);
  const unacked = wantsUnacked ? { unacked: null, unackedError: error } : {};
  return { length: null, error, perQueue: {}, ...unacked };
}

function addUp({ queues, unacked }: BrokerAnswer): QueueLength {
  const perQueue: Record<string, number> = {};
  const errors: MeasureError[] = [];
  const missing: string[] = [];
  for (const [queue, answer] of queues) {
    if (typeof answer === 'object') {
      errors.push(answer);
    } else if (answer === 'missing') {
      missing.push(queue);
      perQueue[queue] = 0;
    } else {
      perQueue[queue] = answer;
    }
  }
  const sum = sumCounts(Object.values(perQueue));
  if (sum === null) errors.push(TOO_MANY);
  return {
    ...(errors.length > 0 ? { length: null, error: join(errors) } : { length: sum }),
    perQueue,
    ...(missing.length > 0 && { note: tellMissing(missing) }),
    ...(typeof unacked === 'number' && { unacked }),
    ...(typeof unacked === 'object' && { unacked: null, unackedError: join([unacked]) }),
  };
}

const TOO_MANY = measureError('broker_error', 'its queues hold more tasks than can be counted');

/** The errors of several queues as one. */
function join(errors: readonly MeasureError[]): MeasureError {
  const text = cleanText(errors.map(({ text }) => text).join('; '));
  return measureError(commonCode(errors.map(({ code }) => code)), text);
}

function tellMissing(queues: string[]): string {
  return queues.length === 1
    ? `queue ${queues[0]} does not exist yet: it counts as 0`
    : `queues ${queues.join(', ')} do not exist yet: they count as 0`;
}
