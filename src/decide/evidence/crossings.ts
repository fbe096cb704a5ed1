import type { EvidenceRun } from './evidence.ts';
import { measureHeld } from './held.ts';
import type { MeasureError } from '../../model/measure-error.ts';
import type { MetricPolicy, Reason, Step } from '../../model/types.ts';

/** A crossed threshold, as the reason that tells of it. */
export type Crossing = Extract<Reason, { code: 'above' | 'below' }>;

/** What one metric says about one service now. */
export interface MetricView {
  policy: MetricPolicy;
  /** null: missing; `error` then says why */
  value: number | null;
  error: MeasureError;
  /** the threshold that counts among the crossed ones, of those that lead up (down) or to the limit where we are */
  up: Crossing | null;
  down: Crossing | null;
  /** why the evidence of a crossing that is not reached yet starts over */
  renewed: Extract<Reason, { code: 'new_evidence' }> | null;
  /** why a threshold to more that has been reached does not count */
  blocked: Extract<Reason, { code: 'own_cpu_share' }> | null;
}

/** Where a service stands between its limits. */
export interface Position {
  current: number;
  minWorkers: number;
  maxWorkers: number;
  intervalMs: number;
}

/**
 * Which thresholds of one metric are crossed. Up: of the reached ones the highest, down: the lowest; where none
 * is reached, the one that is nearest to it. A value equal to the threshold crosses neither.
 */
export function viewMetric(
  policy: MetricPolicy,
  value: number | null,
  error: MeasureError,
  run: EvidenceRun,
  at: Position,
): MetricView {
  const none = { up: null, down: null, renewed: null, blocked: null };
  const view: MetricView = { policy, value, error, ...none };
  if (value === null) return view;
  const up = policy.up.filter(({ workers }) => leadsUp(workers, at));
  const down = policy.down.filter(({ workers }) => leadsDown(workers, at));
  const cross = (code: Crossing['code'], step: Step, neededMs: number): Measured | null => {
    const holds = (v: number): boolean =>
      code === 'above' ? v > step.threshold : v < step.threshold;
    if (!holds(value)) return null;
    const { heldMs, reached, broken } = measureHeld(run, holds, neededMs, at.intervalMs);
    const { metric } = policy;
    const renewed =
      reached || broken === null ? null : { code: 'new_evidence' as const, metric, ...broken };
    return { crossing: { code, metric, value, ...step, heldMs, neededMs, reached }, renewed };
  };
  const best = [
    pick(
      up.map((step) => cross('above', step, policy.upMs)),
      (a, b) => a > b,
    ),
    pick(
      down.map((step) => cross('below', step, policy.downMs)),
      (a, b) => a < b,
    ),
  ];
  view.up = best[0]?.crossing ?? null;
  view.down = best[1]?.crossing ?? null;
  view.renewed = best[0]?.renewed ?? best[1]?.renewed ?? null;
  return view;
}

/** Steps of a metric that lead away from where the service is, or that ask for the limit at which it is. */
function leadsUp(workers: number, { current, maxWorkers }: Position): boolean {
  return workers > current || (workers === current && current === maxWorkers);
}

function leadsDown(workers: number, { current, minWorkers }: Position): boolean {
  return workers < current || (workers === current && current === minWorkers);
}

interface Measured {
  crossing: Crossing;
  renewed: MetricView['renewed'];
}

function pick(
  candidates: readonly (Measured | null)[],
  further: (a: number, b: number) => boolean,
): Measured | null {
  let best: Measured | null = null;
  for (const each of candidates) {
    if (each !== null && (best === null || isBetter(each.crossing, best.crossing, further))) {
      best = each;
    }
  }
  return best;
}

function isBetter(a: Crossing, b: Crossing, further: (a: number, b: number) => boolean): boolean {
  if (a.reached !== b.reached) return a.reached;
  if (!a.reached && a.heldMs !== b.heldMs) return a.heldMs > b.heldMs;
  return further(a.workers, b.workers);
}
