import type { MemoryGroup } from '../../../model/resource-types.ts';
import { formatCount, formatMemory } from '../../../model/wording.ts';
import type { ProjectMemory } from './memory-plan.ts';
import type { Finding } from './types.ts';

/** A project in the control groups that limit its memory. */
export interface GroupedMemory extends ProjectMemory {
  groups: readonly MemoryGroup[];
  /** what its workers hold together; null: not known */
  memoryMb: number | null;
  /** processes that the kernel has ended for lack of memory since its start; null: not known */
  oomKills: number | null;
}

/** Whether each service has room for its max_workers in the groups that limit its memory, and whether it had enough so far. */
export function checkMemoryGroups(services: readonly GroupedMemory[]): Finding[] {
  return services.flatMap((service) => [
    ...service.groups.flatMap((group) => checkGroup(group, service)),
    ...checkKills(service),
  ]);
}

function checkGroup(
  { group, what, limit_mb: limitMb, used_mb: used }: MemoryGroup,
  { project, maxWorkers, running, workerMb, memoryMb }: GroupedMemory,
): Finding[] {
  const usedMb = used ?? memoryMb;
  if (usedMb === null || workerMb === null) return [];
  const needed = usedMb + Math.max(0, maxWorkers - running) * workerMb;
  if (needed <= limitMb) return [];
  const fit = running + Math.max(0, Math.floor((limitMb - usedMb) / workerMb));
  const name = `${what} of ${group}`;
  return [
    {
      code: 'memory_beyond_group',
      severity: 'warning',
      project,
      evidence: `${name} is ${formatMemory(limitMb)}, of which ${formatMemory(usedMb)} is in use; at ${formatMemory(workerMb)} per worker it has room for ${formatCount(fit, 'worker')}, but max_workers is ${maxWorkers}: no more are added than fit`,
      remedy: `lower max_workers to ${fit}, or raise ${what}= of ${group}`,
    },
  ];
}

function checkKills({ project, oomKills }: GroupedMemory): Finding[] {
  if (oomKills === null || oomKills === 0) return [];
  return [
    {
      code: 'oom_kills',
      severity: 'warning',
      project,
      evidence: `the OOM killer has ended ${oomKills} of its processes since its start`,
      remedy: 'lower max_workers, or give it more memory: journalctl -k -g oom',
    },
  ];
}
