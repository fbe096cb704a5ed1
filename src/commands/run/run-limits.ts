import type { SideBySide } from '../../act/side-by-side.ts';
import type { ActDeps } from '../../act/ports.ts';

/** How long a run begins new changes; the next run decides again on what is left. */
const BEGIN_MS = 10 * 60_000;
/** The least time that a run waits for slow services when there is nothing else to do. */
const WAIT_MS = 60_000;

/** What limits the length of a run. */
export interface RunLimits {
  /** why nothing new may begin; null: it may */
  whyNot: () => string | null;
  /** whether a change that only waits for its service is left to the next run */
  mayLeave: () => boolean;
}

/**
 * The limits of the run that begins now. Nothing is measured while a run lasts, so a run that only waits for slow services
 * goes on for one more check interval, or a minute if that is longer: the samples of all other services then still follow
 * one another without a gap.
 */
export function limitRun(
  { interruptedMs, monotonicMs }: Pick<ActDeps, 'interruptedMs' | 'monotonicMs'>,
  beside: Pick<SideBySide, 'calmSinceMs'>,
  checkIntervalMs: number,
): RunLimits {
  const startMs = monotonicMs();
  const waitMs = Math.max(WAIT_MS, checkIntervalMs);
  let hasLeft = false;
  return {
    whyNot: () => {
      if (interruptedMs() !== null) return 'this run was asked to stop';
      if (hasLeft)
        return 'left to the next run: this run has waited long enough for other services';
      const runMs = monotonicMs() - startMs;
      return runMs < BEGIN_MS
        ? null
        : `left to the next run: this run has taken ${Math.floor(runMs / 60_000)} min`;
    },
    mayLeave: () => {
      const sinceMs = beside.calmSinceMs();
      hasLeft ||= sinceMs !== null && performance.now() - sinceMs > waitMs;
      return hasLeft;
    },
  };
}
