import { formatCount } from '../../../model/wording.ts';
import type { MetricPolicy, Policy, Step } from '../../../model/types.ts';
import type { Finding } from './types.ts';

/** Metrics whose value goes with the load of each worker; the length of a queue does not. */
const SHARED_LOAD: MetricPolicy['metric'][] = ['cpu', 'load'];

/** A way down from which the same work leads straight up again. */
export interface Flap {
  from: number;
  to: number;
  down: Step;
  up: Step;
  /** the load of each of those that stay, where the value was just below `down` */
  value: number;
}

/**
 * The ways down that must lead up again: fewer workers share the same work, so each gets `from / to` times
 * its load; what was just below the down threshold is then above an up threshold. With one of two workers
 * less the load doubles, so there an up threshold must be at least twice the down threshold.
 */
export function findFlaps(metric: MetricPolicy, policy: Policy): Flap[] {
  if (!SHARED_LOAD.includes(metric.metric)) return [];
  const flaps: Flap[] = [];
  for (const from of reachableCounts(metric, policy)) {
    for (const down of metric.down) {
      const to = findTarget(down, from, metric, policy);
      if (to === null) continue;
      const value = (down.threshold * from) / to;
      const up = metric.up.find((step) => step.workers > to && step.threshold < value);
      if (up !== undefined) flaps.push({ from, to, down, up, value });
    }
  }
  return flaps;
}

/** One finding a down threshold, of the way that flaps worst. */
export function checkFlapping(policy: Policy): Finding[] {
  return policy.metrics.flatMap((metric) => {
    const worst = new Map<Step, Flap>();
    for (const flap of findFlaps(metric, policy)) {
      const known = worst.get(flap.down);
      if (known === undefined || excess(flap) > excess(known)) worst.set(flap.down, flap);
    }
    return [...worst.values()].map((flap) => toFinding(flap, policy));
  });
}

function excess({ value, up }: Flap): number {
  return value - up.threshold;
}

function toFinding({ from, to, down, up, value }: Flap, { project }: Policy): Finding {
  const lower = Math.floor((up.threshold * to) / from);
  const names = { down: `scale_down_${down.workers}`, up: `scale_up_${up.workers}` };
  return {
    code: 'thresholds_flap',
    severity: 'warning',
    project,
    evidence: `just below ${names.down} (${down.threshold}) it goes from ${from} to ${formatCount(to, 'worker')}; the same work then comes to ${round(value)} each, above ${names.up} (${up.threshold}), so it goes up again`,
    remedy: `set ${names.down} to at most ${lower}, or ${names.up} to at least ${Math.ceil(value)}`,
  };
}

/** Beyond this number a step of one worker changes next to nothing. */
const MOST_COUNTS = 100;

/** The counts that the service may stay at: its limits, all that a threshold leads to, and with max_step those between. */
function reachableCounts(metric: MetricPolicy, policy: Policy): number[] {
  const { minWorkers, maxWorkers, brakes } = policy;
  const steps = [...metric.up, ...metric.down].map(({ workers }) => workers);
  const isStepwise = (brakes?.maxStep.down ?? brakes?.maxStep.up ?? null) !== null;
  const length = isStepwise ? Math.min(MOST_COUNTS, maxWorkers - minWorkers) : 0;
  const between = Array.from({ length }, (_, index) => minWorkers + index);
  return [...new Set([minWorkers, maxWorkers, ...steps, ...between])]
    .filter((count) => count >= minWorkers && count <= maxWorkers)
    .sort((a, b) => a - b);
}

/** Where a value just below `step` leads from `from`: to the lowest satisfied count, within the limits; null: nowhere. */
function findTarget(step: Step, from: number, metric: MetricPolicy, policy: Policy): number | null {
  if (step.workers >= from || step.threshold <= 0) return null;
  const satisfied = metric.down.filter(
    ({ workers, threshold }) => workers < from && threshold >= step.threshold,
  );
  const lowest = Math.min(...satisfied.map(({ workers }) => workers));
  const most = policy.brakes?.maxStep.down ?? Infinity;
  const to = Math.max(lowest, policy.minWorkers, from - most);
  return to < from ? to : null;
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}
