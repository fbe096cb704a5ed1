import type { Position } from '../evidence/crossings.ts';
import { NOT_SAMPLED } from '../../metrics/missing.ts';
import type { Reason, ServiceSample } from '../../model/types.ts';

/** A count after a limit, and the reasons that the limit adds. */
export interface Limited {
  workers: number;
  reasons: Reason[];
}

/** The limit that the present count breaks, if any, as a reason: it is mended at once. */
export function reportPromise({ current, minWorkers, maxWorkers }: Position): Reason[] {
  if (current < minWorkers) return [{ code: 'below_min', workers: current, minWorkers }];
  if (current > maxWorkers) return [{ code: 'above_max', workers: current, maxWorkers }];
  return [];
}

/** The wished count (null: none) within [minWorkers, maxWorkers]; `hold` where nothing of it remains. */
export function applyMinMax(
  wished: number | null,
  { current, minWorkers, maxWorkers }: Position,
): Limited & { hold: 'at_limit' | null } {
  const workers = Math.min(Math.max(wished ?? current, minWorkers), maxWorkers);
  if (wished === null || workers === wished) return { workers, reasons: [], hold: null };
  if (workers !== current) {
    const limit = workers < wished ? 'max' : 'min';
    return {
      workers,
      reasons: [{ code: 'clamped', wanted: wished, to: workers, limit }],
      hold: null,
    };
  }
  return workers < wished
    ? { workers, reasons: [{ code: 'at_max', maxWorkers }], hold: 'at_limit' }
    : { workers, reasons: [{ code: 'at_min', minWorkers }], hold: null };
}

/**
 * An empty queue is not an idle pool: while more tasks run than the lower count could hold, nothing is lowered but
 * what max_workers promises. Where it is not known how many run, the thresholds alone decide, which is said.
 */
export function applyRunningTasks(
  wanted: number,
  { current, maxWorkers }: Position,
  service: ServiceSample | undefined,
): Limited {
  const running = service?.running_tasks;
  if (wanted >= current || running === undefined) return { workers: wanted, reasons: [] };
  if (running === null) {
    const error = service?.errors?.['running_tasks'] ?? NOT_SAMPLED;
    return { workers: wanted, reasons: [{ code: 'running_tasks_unknown', error }] };
  }
  if (running <= wanted) return { workers: wanted, reasons: [] };
  return {
    workers: Math.max(wanted, Math.min(current, maxWorkers)),
    reasons: [{ code: 'tasks_running', running, workers: wanted }],
  };
}
