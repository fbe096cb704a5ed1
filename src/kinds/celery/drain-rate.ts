import { askNode } from './control.ts';
import { sumCounts } from '../../queues/count.ts';
import { withinLimit } from '../../queues/time-limit.ts';
import { findRates } from '../../metrics/rates.ts';
import { measureError } from '../../model/measure-error.ts';
import type { ServiceSample } from '../../model/types.ts';
import { asObject } from '../../model/foreign-json.ts';
import { monotonicMs } from '../../host/monotonic.ts';
import { readNodeName } from './node.ts';
import { withoutDrain, type DrainInput } from '../load.ts';

/** How long a worker may take to tell its counters: its main process does nothing else. */
const ANSWER_MS = 1000;

const NO_QUEUE = measureError('queue_unknown', 'its queues are unknown');

/**
 * A service's sample with the counter of its tasks, rates and drain time; what cannot be had is null, with its error. A
 * broker that has not told its queues is not asked again.
 */
export async function withDrain(found: ServiceSample, input: DrainInput): Promise<ServiceSample> {
  const leftMs = input.deadline - monotonicMs();
  const late = `no answer within ${Math.max(0, Math.round(leftMs / 1000))} s`;
  const total =
    found.queue_length === null
      ? (found.errors?.['queue_length'] ?? NO_QUEUE)
      : await withinLimit(countTasks(input), leftMs, late).catch((error: Error) =>
          measureError('tasks_uncounted', error.message),
        );
  if (typeof total === 'object') return withoutDrain(found, total);
  const { boot, uptimeS } = input.now;
  const counted = { ...found, tasks_total: total };
  const rates = findRates(input.history, input.service, {
    boot,
    uptime_s: uptimeS,
    found: counted,
  });
  return {
    ...counted,
    arrival_rate: round(rates.arrival),
    completion_rate: round(rates.completion),
    drain_time_s: round(rates.drainS),
    ...(rates.error !== null && { errors: { ...found.errors, drain_time_s: rates.error } }),
  };
}

/** The tasks that the worker has begun since it started, by Celery's own statistics. @throws Error in plain words */
async function countTasks({ settings, masterPid }: DrainInput): Promise<number> {
  const node = masterPid === null ? null : readNodeName(masterPid);
  if (node === null) throw new Error('it does not run');
  const replies = await askNode(settings, { node, method: 'stats', arguments: {} }, ANSWER_MS);
  // another host's worker may have the same name
  const own = replies.map(asObject).find(({ pid }) => pid === masterPid);
  if (own === undefined) throw new Error(`${node} does not answer to remote control`);
  const { total: counts } = own;
  const isByTask = typeof counts === 'object' && counts !== null && !Array.isArray(counts);
  const total = isByTask ? sumCounts(Object.values(counts)) : null;
  if (total === null) throw new Error(`${node} did not report its numbers of tasks`);
  return total;
}

function round(value: number | null): number | null {
  return value === null ? null : Math.round(value * 1000) / 1000;
}
