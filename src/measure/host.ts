import { measureError, type MeasureErrors } from '../model/measure-error.ts';
import type { HostSample, Sample } from '../model/types.ts';
import { readBootTime, type BootTime } from '../host/clock.ts';
import { measureCpu } from '../host/cpu.ts';
import { measureMemory } from '../host/memory.ts';

/** The host's part of a sample, when it was taken, and what its CPU value covers. */
export interface HostMeasure extends BootTime {
  /** seconds since the sample before it; null on the first of a boot */
  spanS: number | null;
  host: HostSample;
}

/** CPU since the previous sample, and memory. What cannot be had is null, with its error. */
export async function measureHost(previous: Sample | null): Promise<HostMeasure> {
  const cpu = await measureCpuSince(previous);
  const memory = tryMemory();
  const { errors: cpuErrors, ...cpuSample } = cpu.host;
  const errors = { ...cpuErrors, ...memory.errors };
  return {
    ...cpu,
    host: {
      ...cpuSample,
      memory_available_mb: memory.availableMb,
      memory_total_mb: memory.totalMb,
      swap_used_mb: memory.swapMb,
      ...(Object.keys(errors).length > 0 && { errors }),
    },
  };
}

async function measureCpuSince(
  previous: Sample | null,
): Promise<BootTime & { spanS: number | null; host: Omit<HostSample, 'memory_available_mb'> }> {
  const isSameBoot = previous !== null && previous.boot === readBootTime().boot;
  const before = isSameBoot ? (previous.host.cpu_ticks ?? null) : null;
  const measured = await measureCpu(before).catch((error: Error) => error);
  const now = readBootTime();
  const spanS = isSameBoot ? Math.round((now.uptimeS - previous.uptime_s) * 100) / 100 : null;
  if (measured instanceof Error) {
    const why = `/proc/stat cannot be read: ${measured.message}`;
    const errors = { cpu_percent: measureError('host_unreadable', why) };
    return { ...now, spanS, host: { cpu_percent: null, cpu_ticks: null, errors } };
  }
  const { ticks, percent, stealPercent, cpus, error } = measured;
  // half a second of now is no average over the time since a sample that had no counters
  const isWhole = spanS === null || before !== null;
  const why = isWhole ? error : 'the sample before has no CPU counters';
  return {
    ...now,
    spanS,
    host: {
      cpu_percent: isWhole ? percent : null,
      steal_percent: isWhole ? stealPercent : null,
      cpu_ticks: ticks,
      cpus,
      ...(why !== null && { errors: { cpu_percent: measureError('counters_unusable', why) } }),
    },
  };
}

function tryMemory(): {
  availableMb: number | null;
  totalMb: number | null;
  swapMb: number | null;
  errors: MeasureErrors;
} {
  try {
    return { ...measureMemory(), errors: {} };
  } catch (error) {
    const why = `memory cannot be read: ${(error as Error).message}`;
    const errors = { memory_available_mb: measureError('host_unreadable', why) };
    return { availableMb: null, totalMb: null, swapMb: null, errors };
  }
}
