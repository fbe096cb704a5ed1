import { cpus } from 'node:os';
import { checkFlapping } from './findings/flapping.ts';
import { checkMemoryGroups, type GroupedMemory } from './findings/memory-groups.ts';
import { checkMemoryPlan } from './findings/memory-plan.ts';
import { checkReach, type Reach } from './findings/reach.ts';
import type { Finding } from './findings/types.ts';
import { checkWindows } from './findings/windows.ts';
import { listLimits, withLimits } from '../../config/policy/limits.ts';
import { toPolicies } from '../../config/policy/policies.ts';
import type { Config } from '../../config/schema/schema.ts';
import { readCpuQuota } from '../../host/group-limits.ts';
import type { Measurement } from '../../measure/sample.ts';
import type { UnitState } from '../../model/unit-state.ts';
import type { WorkerClass } from '../../kinds/shared/concurrency.ts';
import type { TrueNames } from '../shared/true-names.ts';

/** What arithmetic alone says. */
export function checkNumbers(
  config: Config,
  written: Config,
  {
    classes,
    units,
    ...measured
  }: Measurement & { classes: ReadonlyMap<string, WorkerClass>; units: TrueNames['units'] },
): Finding[] {
  const { host, services } = measured.sample;
  const cores = cpus().length;
  const windows = toPolicies(config).map((policy) =>
    listLimits(config.projects[policy.project]!).map((limits) => withLimits(policy, limits)),
  );
  const thresholds = windows.flatMap((policies) =>
    checkWindows(policies, (policy) => [
      ...checkReach({
        ...{ policy, kind: measured.located.get(policy.service)?.kind ?? null },
        ...{ cores, workerClass: classes.get(policy.project) ?? null },
        ...quotaOf(units.get(policy.service), cores),
      }),
      ...checkFlapping(policy),
    ]),
  );
  const memory = windows.map((policies): GroupedMemory => {
    const maxWorkers = Math.max(...policies.map((policy) => policy.maxWorkers));
    const { project, service } = policies[0]!;
    const found = services[service] ?? { workers: null };
    const { memory_mb: mb = null, running = null } = found;
    const workerMb = mb !== null && running !== null && running > 0 ? mb / running : null;
    const { memory_groups: groups = [], oom_kills: oomKills = null } = found;
    const grouped = { groups, memoryMb: mb, oomKills };
    return { project, maxWorkers, running: running ?? 0, workerMb, ...grouped };
  });
  const enabled = memory.filter(({ project }) => written.projects[project]?.enabled === true);
  return [
    ...thresholds,
    ...checkMemoryGroups(memory),
    ...checkMemoryPlan(enabled.length > 0 ? enabled : memory, {
      totalMb: host.memory_total_mb ?? null,
      availableMb: host.memory_available_mb,
    }),
  ];
}

/** Fewer processors than the host's, where a quota says so. */
function quotaOf(unit: UnitState | undefined, cores: number): Pick<Reach, 'usableCores' | 'quota'> {
  const quota = unit === undefined ? null : readCpuQuota(unit);
  return quota === null || quota.cores >= cores
    ? {}
    : { usableCores: quota.cores, quota: quota.group };
}
