/** A duration counts as reached this much earlier (ms): a timer is never quite exact. */
export function toleranceMs(intervalMs: number): number {
  return Math.min(10_000, intervalMs / 10);
}
