import type { KindDeps } from '../ports.ts';
import type { UnitState } from '../../model/unit-state.ts';

/** A service that uses less than this share of a processor only waits: one that loads beside many others uses more. */
const AT_WORK = 0.05;

/**
 * Tells from look to look whether a service computes, as while it loads its application. Where its CPU time is not known,
 * it does not.
 */
export function watchComputing(
  deps: Pick<KindDeps, 'monotonicMs'>,
): (unit: Pick<UnitState, 'cpuUsageNs'>) => boolean {
  let before: { atMs: number; usedNs: number } | null = null;
  return ({ cpuUsageNs: usedNs }) => {
    const last = before;
    const atMs = deps.monotonicMs();
    before = usedNs === null ? null : { atMs, usedNs };
    if (last === null || usedNs === null || atMs <= last.atMs) return false;
    // its control group, and the count, may be new
    const ns = usedNs < last.usedNs ? usedNs : usedNs - last.usedNs;
    return ns / 1e6 >= AT_WORK * (atMs - last.atMs);
  };
}
