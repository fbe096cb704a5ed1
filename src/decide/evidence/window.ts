import { GAP_INTERVALS } from './breaks.ts';
import { MOST_SLOWDOWN } from '../limits/brake-memory.ts';
import { elapsedMs } from './moments.ts';
import type { HistoryEntry, Policy, Sample } from '../../model/types.ts';

/**
 * How far back (ms) the decision has to look: the longest duration, and one more interval of the longest kind
 * that is no gap, because the evidence of a sample depends on the sample before it. What the brakes need is in the
 * last sample.
 */
export function historyNeededMs(policies: readonly Policy[], intervalMs: number): number {
  const durations = policies.flatMap(({ metrics, brakes }) => {
    const times = brakes?.adaptiveScaleDown === true ? MOST_SLOWDOWN : 1;
    return metrics.flatMap((m) => [m.upMs, m.downMs * times]);
  });
  return Math.max(0, ...durations) + GAP_INTERVALS * intervalMs;
}

/**
 * Where the part of the history begins that the decision needs: the newest sample that is too old, or that
 * a gap, a reboot or a clock that went back cuts off. It is needed itself, since it says why the evidence starts over.
 */
export function findWindowStart(
  history: readonly HistoryEntry[],
  neededMs: number,
  intervalMs: number,
): number {
  let newest: Sample | null = null;
  let newer: Sample | null = null;
  for (let i = history.length - 1; i >= 0; i--) {
    const entry = history[i]!;
    if (entry.kind !== 'sample') continue;
    newest ??= entry;
    if (newer !== null && isBeyond(entry, newer, newest, neededMs, intervalMs)) return i;
    newer = entry;
  }
  return 0;
}

function isBeyond(
  entry: Sample,
  newer: Sample,
  newest: Sample,
  neededMs: number,
  intervalMs: number,
): boolean {
  const gapMs = elapsedMs(entry, newer);
  return (
    entry.boot !== newer.boot ||
    gapMs < 0 ||
    gapMs > GAP_INTERVALS * intervalMs ||
    elapsedMs(entry, newest) > neededMs
  );
}
