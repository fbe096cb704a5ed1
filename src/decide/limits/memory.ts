import type { Limited } from './limits.ts';
import { applyGroups, type MemoryBudget } from './memory-groups.ts';
import type { Policy, Reason, Sample } from '../../model/types.ts';

/** What one worker of a service holds, and the most that one has held within a day; null: unknown. In MB. */
interface Cost {
  nowMb: number | null;
  /** what is reckoned with: a worker that has just started is small and will grow */
  workerMb: number | null;
  /** what the workers that run would hold more if each were as large as that */
  growthMb: number;
}

/** The memory that a sample shows, nothing of it granted yet. */
export function openBudget({ host }: Sample): MemoryBudget {
  const { memory_available_mb: availableMb, swap_used_mb: swapMb } = host;
  return { availableMb, swapMb: swapMb ?? 0, grantedMb: 0, groups: new Map() };
}

/**
 * The largest count up to `wanted` after which `memoryThresholdMb` still remains available, even if all that lies in
 * swap came back and the workers grew as large as they have been; none where the host waits for memory. What
 * min_workers promises is not held against it. The limits of the service's control groups hold too, whether it has a
 * threshold or not. The cost of what is granted is booked in `budget`.
 */
export function applyMemory(
  wanted: number,
  current: number,
  policy: Policy,
  sample: Sample,
  budget: MemoryBudget,
): Limited {
  const { nowMb, workerMb, growthMb } = findCost(sample, policy.service);
  const promised = Math.max(current, policy.minWorkers);
  const reasons: Reason[] = [];
  let workers = wanted;
  if (policy.memoryThresholdMb !== null && wanted > promised) {
    const thresholdMb = policy.memoryThresholdMb;
    const { availableMb, swapMb, grantedMb } = budget;
    const pressure = sample.host.memory_pressure ?? 0;
    const limit = policy.maxMemoryPressure ?? 100;
    const fits = (count: number): boolean =>
      availableMb !== null &&
      availableMb - swapMb - grantedMb - growthMb - (count - current) * (workerMb ?? 0) >=
        thresholdMb;
    while (workers > promised && !fits(workers)) workers -= 1;
    if (workers < wanted) {
      const numbers = { availableMb, grantedMb, thresholdMb, workerMb };
      const more = {
        ...(swapMb > 0 && { swapMb }),
        ...(growthMb > 0 && nowMb !== null && { nowMb }),
      };
      reasons.push({ code: 'memory', wanted, fits: workers, ...numbers, ...more });
    }
    if (pressure > limit && workers > promised) {
      workers = promised;
      reasons.push({ code: 'memory_pressure', value: pressure, limit });
    }
  }
  const grouped = applyGroups(workers, { current, promised }, sample.services[policy.service], {
    ...{ budget, workerMb, growthMb },
  });
  workers = grouped.workers;
  reasons.push(...grouped.reasons);
  if (workers > current) {
    const grantedMb = (workers - current) * (workerMb ?? 0) + growthMb;
    budget.grantedMb += grantedMb;
    for (const { group } of sample.services[policy.service]?.memory_groups ?? []) {
      budget.groups.set(group, (budget.groups.get(group) ?? 0) + grantedMb);
    }
  }
  return { workers, reasons };
}

/** A lowering that memory asks for. */
export interface Relief {
  /** equal to the current count where nothing can be lowered */
  workers: number;
  reason: Extract<Reason, { code: 'memory_short' }>;
}

/**
 * What is taken from services that may be lowered for memory (`memoryScaleDown`) while less is available than must
 * remain: so many workers as make up for it, but none below min_workers. At once, as for max_workers: the kernel waits
 * for no duration. `candidates`: the least urgent first, each with its present count.
 */
export function planRelief(
  candidates: readonly { policy: Policy; current: number }[],
  sample: Sample,
): Map<string, Relief> {
  const reliefs = new Map<string, Relief>();
  const availableMb = sample.host.memory_available_mb;
  let freedMb = 0;
  if (availableMb === null) return reliefs;
  for (const { policy, current } of candidates) {
    const { service, memoryThresholdMb: thresholdMb, memoryScaleDown, minWorkers } = policy;
    if (memoryScaleDown !== true || thresholdMb === null) continue;
    const shortMb = thresholdMb - availableMb - freedMb;
    if (shortMb <= 0) continue;
    const { nowMb: workerMb } = findCost(sample, service);
    const least = Math.min(current, minWorkers);
    const workers =
      workerMb === null ? current : Math.max(least, current - Math.ceil(shortMb / workerMb));
    const numbers = { availableMb, freedMb, thresholdMb, workerMb, workers: current };
    reliefs.set(service, { workers, reason: { code: 'memory_short', ...numbers } });
    freedMb += (current - workers) * (workerMb ?? 0);
  }
  return reliefs;
}

function findCost({ services }: Sample, service: string): Cost {
  const found = services[service];
  const count = found?.running ?? found?.workers ?? 0;
  const memoryMb = found?.memory_mb ?? 0;
  const peakMb = found?.worker_peak_mb ?? 0;
  const nowMb = memoryMb > 0 && count > 0 ? memoryMb / count : null;
  if (nowMb === null) return { nowMb, workerMb: peakMb > 0 ? peakMb : null, growthMb: 0 };
  const workerMb = Math.max(nowMb, peakMb);
  return { nowMb, workerMb, growthMb: count * (workerMb - nowMb) };
}
