import { measureError, type MeasureError } from '../model/measure-error.ts';
import type { HistoryEntry, ServiceSample } from '../model/types.ts';

/** How far back rates look: long enough for slow tasks, short enough to describe the present. */
export const RATE_WINDOW_S = 600;

const NOT_YET = measureError(
  'first_sample',
  'no sample before this one counted the tasks of these workers',
);
const NO_QUEUE = measureError('queue_unknown', 'the queue is unknown');

/** Tasks per second and what follows from them; what is unknown is null, and `error` says why. */
export interface Rates {
  arrival: number | null;
  completion: number | null;
  drainS: number | null;
  error: MeasureError | null;
}

/** A service now, with the counter of its tasks. */
export interface CountedNow {
  boot: string;
  uptime_s: number;
  found: ServiceSample & { tasks_total: number };
}

/**
 * Rates since the oldest sample of the last 10 minutes after which neither the main process nor the number of workers
 * changed: completed tasks by the counter, arrived tasks by the counter and the change in queue length, and the time that
 * the waiting tasks need at this completion rate.
 */
export function findRates(
  history: readonly HistoryEntry[],
  service: string,
  { boot, uptime_s: nowS, found: now }: CountedNow,
): Rates {
  const none: Rates = { arrival: null, completion: null, drainS: null, error: null };
  let base: { then: ServiceSample; spanS: number } | null = null;
  for (const entry of history.toReversed()) {
    const spanS = nowS - entry.uptime_s;
    if (entry.boot !== boot || spanS <= 0 || spanS > RATE_WINDOW_S) break;
    if (entry.kind === 'action') {
      if (entry.service === service) break;
      continue;
    }
    const then = entry.services[service];
    if (then === undefined || !isSame(then, now)) break;
    base = { then, spanS };
  }
  const waiting = now.queue_length ?? null;
  if (base === null) return waiting === 0 ? { ...none, drainS: 0 } : { ...none, error: NOT_YET };
  const { then, spanS } = base;
  const completed = now.tasks_total - (then.tasks_total ?? 0);
  const completion = completed / spanS;
  const waited = then.queue_length ?? null;
  const known =
    waiting === null || waited === null
      ? { ...none, completion }
      : { ...none, completion, arrival: Math.max(0, waiting + completed - waited) / spanS };
  if (waiting === null) return { ...known, error: NO_QUEUE };
  if (waiting === 0) return { ...known, drainS: 0 };
  if (completed > 0) return { ...known, drainS: waiting / completion };
  const text = `no task was completed in the last ${Math.round(spanS)} s`;
  return { ...known, error: measureError('none_completed', text) };
}

function isSame(then: ServiceSample, now: CountedNow['found']): boolean {
  return (
    typeof then.tasks_total === 'number' &&
    then.tasks_total <= now.tasks_total &&
    then.main_pid === now.main_pid &&
    then.workers === now.workers
  );
}
