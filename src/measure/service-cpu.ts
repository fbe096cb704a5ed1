import { readFileSync } from 'node:fs';
import { COUNTED_FROM_NOW } from '../metrics/missing.ts';
import type { ServiceResources } from '../model/resource-types.ts';
import type { UnitState } from '../model/unit-state.ts';
import { measureError, type MeasureError } from '../model/measure-error.ts';

const NO_ACCOUNTING = measureError(
  'no_cpu_accounting',
  'its CPU is not accounted: set CPUAccounting=yes in the unit',
);

/** What a service's average is taken since: its counter in the sample before, and the seconds since then. */
export type SinceUsage = { usageUs: number | null; seconds: number } | null;

/**
 * How many processors a running unit's cgroup kept busy since the sample before, by its own counter, or
 * the one that systemd has told with all else. After a restart it counts from 0: then since the start of the main process, `sinceStartS` ago.
 */
export function measureServiceCpu(
  unit: Pick<UnitState, 'cpuUsageNs' | 'controlGroup'>,
  since: SinceUsage,
  sinceStartS: number | null,
): Pick<ServiceResources, 'cpu_cores' | 'cpu_usage_us'> & { error: MeasureError | null } {
  const toldUs = unit.cpuUsageNs === null ? null : Math.round(unit.cpuUsageNs / 1000);
  const usageUs = readUsageUs(unit.controlGroup) ?? toldUs;
  const none = { cpu_cores: null, cpu_usage_us: usageUs };
  if (usageUs === null) return { ...none, error: NO_ACCOUNTING };
  if (since === null || since.usageUs === null) return { ...none, error: COUNTED_FROM_NOW };
  const wentOn = usageUs >= since.usageUs;
  const us = wentOn ? usageUs - since.usageUs : usageUs;
  const seconds = wentOn ? since.seconds : Math.min(since.seconds, sinceStartS ?? since.seconds);
  const cores = seconds <= 0 ? 0 : us / 1_000_000 / seconds;
  return { cpu_cores: Math.round(cores * 10_000) / 10_000, cpu_usage_us: usageUs, error: null };
}

/** On the unified hierarchy each group counts, accounted by systemd or not. */
function readUsageUs(controlGroup: string | null): number | null {
  if (controlGroup === null) return null;
  try {
    const stat = readFileSync(`/sys/fs/cgroup${controlGroup}/cpu.stat`, 'utf8');
    const found = /^usage_usec (\d+)$/m.exec(stat)?.[1];
    return found === undefined ? null : Number(found);
  } catch {
    return null;
  }
}
