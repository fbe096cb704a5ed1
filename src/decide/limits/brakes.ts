import type { BrakeMemory, BrakePolicy } from '../../model/brake-types.ts';
import type { Position } from '../evidence/crossings.ts';
import type { Limited } from './limits.ts';
import { toleranceMs } from '../evidence/tolerance.ts';
import type { MetricPolicy, Policy, Reason } from '../../model/types.ts';

const FIRST_DELAY_MS = 10 * 60_000;
const LONGEST_DELAY_MS = 24 * 3_600_000;

/** No lowering waits longer than the longest duration that may be configured: the history is kept no longer. */
const LONGEST_WAIT_MS = 7 * 24 * 3_600_000;

/** How long nothing is tried after failed changes in a row: 10 m, then doubling, at most 24 h. */
export function retryDelayMs(failures: number): number {
  return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 1));
}

/** Why nothing is tried yet after a failed change, not even to keep min and max; null: nothing stands in the way. */
export function reportFailedChange(
  { failures = 0, failed_s = 0 }: BrakeMemory,
  { intervalMs }: Position,
): Extract<Reason, { code: 'failed_change' }> | null {
  if (failures === 0) return null;
  const remainingMs = retryDelayMs(failures) - failed_s * 1000;
  return remainingMs > toleranceMs(intervalMs)
    ? { code: 'failed_change', failures, remainingMs }
    : null;
}

/**
 * The wished count, or what min and max promise, where the direction still cools down from the last applied change
 * (of any direction). Each direction has its own cooldown, so that one for lowering never blocks raising.
 */
export function applyCooldown(
  workers: number,
  at: Position,
  brakes: BrakePolicy | undefined,
  { changed_s }: BrakeMemory,
): Limited {
  const promised = findPromised(at);
  if (brakes === undefined || changed_s === undefined || workers === promised) {
    return { workers, reasons: [] };
  }
  const direction: 'up' | 'down' = workers > promised ? 'up' : 'down';
  const cooldownMs = brakes.cooldownMs[direction];
  const remainingMs = cooldownMs - changed_s * 1000;
  if (cooldownMs === 0 || remainingMs <= toleranceMs(at.intervalMs)) {
    return { workers, reasons: [] };
  }
  const reason: Reason = { code: 'cooldown', direction, cooldownMs, remainingMs };
  return { workers: promised, reasons: [reason] };
}

/** The wished count, or as near to it as one change may go; what min and max promise is kept at once. */
export function applyMaxStep(
  wanted: number,
  at: Position,
  brakes: BrakePolicy | undefined,
): Limited {
  const maxStep = brakes?.maxStep[wanted > at.current ? 'up' : 'down'] ?? null;
  if (maxStep === null) return { workers: wanted, reasons: [] };
  const promised = findPromised(at);
  const to =
    wanted > at.current
      ? Math.min(wanted, Math.max(promised, at.current + maxStep))
      : Math.max(wanted, Math.min(promised, at.current - maxStep));
  const reasons: Reason[] = to === wanted ? [] : [{ code: 'max_step', wanted, to, maxStep }];
  return { workers: to, reasons };
}

/** The metrics with the durations that a lowering has to wait after others were taken back. */
export function slowDown(
  { metrics, brakes }: Policy,
  { slowdown = 1 }: BrakeMemory,
): MetricPolicy[] {
  if (brakes?.adaptiveScaleDown !== true) return metrics;
  return metrics.map((metric) => ({
    ...metric,
    downMs: Math.max(metric.downMs, Math.min(LONGEST_WAIT_MS, metric.downMs * slowdown)),
  }));
}

/** Says that a lowering waits longer, where one of `reasons` is on its way to be one. */
export function reportSlowdown(
  reasons: readonly Reason[],
  { brakes }: Policy,
  { slowdown = 1 }: BrakeMemory,
): Reason[] {
  const isShown =
    brakes?.adaptiveScaleDown === true && reasons.some(({ code }) => code === 'below');
  return isShown && slowdown > 1 ? [{ code: 'adaptive', times: slowdown }] : [];
}

/** The present count within min and max. */
function findPromised({ current, minWorkers, maxWorkers }: Position): number {
  return Math.min(Math.max(current, minWorkers), maxWorkers);
}
