import type { Break } from './breaks.ts';
import type { Evidence, EvidenceRun } from './evidence.ts';
import { toleranceMs } from './tolerance.ts';

/** How long a condition has held. Where there is no evidence at all, not even a duration of 0 is reached. */
export interface Held {
  heldMs: number;
  reached: boolean;
  /** what the evidence starts over after; null: the condition was false before */
  broken: Break | null;
}

/**
 * How long `holds` has been true without a false value, from the newest evidence back; counted no further
 * than to `neededMs`, so that the answer does not depend on how much older history there is.
 */
export function measureHeld(
  run: EvidenceRun,
  holds: (value: number) => boolean,
  neededMs: number,
  intervalMs: number,
): Held {
  const streak = takeStreak(run, holds, neededMs);
  const count = streak.length;
  const heldMs = streak.reduce((sum, { addsMs }) => sum + addsMs, 0);
  const reached = count > 0 && heldMs + toleranceMs(intervalMs) >= neededMs;
  return { heldMs, reached, broken: count === run.evidence.length ? run.broken : null };
}

/** The evidence for which `holds` is true, from the newest back, no further than to `neededMs`. */
export function takeStreak(
  { evidence }: EvidenceRun,
  holds: (value: number) => boolean,
  neededMs: number,
): Evidence[] {
  let heldMs = 0;
  const streak: Evidence[] = [];
  for (const each of evidence) {
    if (!holds(each.value) || (streak.length > 0 && heldMs >= neededMs)) break;
    heldMs += each.addsMs;
    streak.push(each);
  }
  return streak;
}
