import type { Limited } from './limits.ts';
import type { Reason, ServiceSample } from '../../model/types.ts';

/** What a run has to give: available memory, what of it is owed to what lies in swap, and what it has granted before. In MB. */
export interface MemoryBudget {
  availableMb: number | null;
  swapMb: number;
  grantedMb: number;
  /** what was granted of each limited control group */
  groups: Map<string, number>;
}

/**
 * The largest count up to `wanted` that has room in each control group that limits the memory of a service, with what the
 * workers of the service may still grow and what was granted to others of the same group. What is promised is not held
 * against it.
 */
export function applyGroups(
  wanted: number,
  { current, promised }: { current: number; promised: number },
  service: ServiceSample | undefined,
  cost: { budget: MemoryBudget; workerMb: number | null; growthMb: number },
): Limited {
  const { budget, workerMb, growthMb } = cost;
  const reasons: Reason[] = [];
  let workers = wanted;
  for (const { group, what, limit_mb: limitMb, used_mb: used } of service?.memory_groups ?? []) {
    const usedMb = used ?? service?.memory_mb ?? null;
    if (usedMb === null || workers <= promised) continue;
    const grantedMb = budget.groups.get(group) ?? 0;
    const roomMb = limitMb - usedMb - grantedMb - growthMb;
    const fits = (count: number): boolean => (count - current) * (workerMb ?? 0) <= roomMb;
    const before = workers;
    while (workers > promised && !fits(workers)) workers -= 1;
    if (workers === before) continue;
    const numbers = { limitMb, usedMb, grantedMb, workerMb };
    reasons.push({ code: 'memory_group', wanted: before, fits: workers, group, what, ...numbers });
  }
  return { workers, reasons };
}
