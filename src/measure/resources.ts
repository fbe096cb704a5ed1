import type { MeasureErrors } from '../model/measure-error.ts';
import { isDown } from '../model/unit-state.ts';
import type { PressureKey } from '../model/metric-name.ts';
import type { HostSample, Sample, ServiceSample } from '../model/types.ts';
import type { UnitState } from '../model/unit-state.ts';
import type { Resources } from '../host/pressure.ts';
import { measureServiceCpu } from './service-cpu.ts';

/** When a sample is taken, and the sample before it; null: none of this boot. */
export interface Now {
  uptimeS: number;
  before: Sample | null;
}

/** The pressures of the host that are wanted; where none is, nothing is read. */
export async function measureHostResources(
  keys: readonly PressureKey[],
  { uptimeS, before }: Now,
): Promise<Resources<Partial<HostSample>>> {
  if (keys.length === 0) return { values: {}, errors: {} };
  const { measureHostPressure } = await import('../host/pressure.ts');
  const since = before && { counters: before.host, seconds: uptimeS - before.uptime_s };
  return measureHostPressure(keys, since);
}

/** What of a unit's resources a decision needs. */
export interface WantedResources {
  /** false: its CPU is noted as systemd tells it, so that a later config may look back, and not missed */
  cpu: boolean;
  pressures: readonly PressureKey[];
}

/** The CPU that a running unit's cgroup uses, and those of its pressures that are wanted. */
export async function measureUnitResources(
  unit: UnitState,
  wanted: WantedResources,
  { uptimeS, before }: Now,
): Promise<Resources<Partial<ServiceSample>>> {
  if (isDown(unit)) return { values: {}, errors: {} };
  const then = before?.services[unit.unit];
  const seconds = uptimeS - (before?.uptime_s ?? 0);
  const sinceStartS = unit.mainStartUs === null ? null : uptimeS - unit.mainStartUs / 1_000_000;
  const { error, ...cpu } = measureServiceCpu(
    unit,
    before && { usageUs: then?.cpu_usage_us ?? null, seconds },
    sinceStartS,
  );
  const errors: MeasureErrors = error === null || !wanted.cpu ? {} : { cpu_cores: error };
  if (error !== null && !wanted.cpu) delete cpu.cpu_cores;
  if (wanted.pressures.length === 0) return { values: cpu, errors };
  const { measureGroupPressure } = await import('../host/pressure.ts');
  const since = before && { counters: then, seconds };
  const pressure = measureGroupPressure(wanted.pressures, unit.controlGroup ?? '/', since);
  return { values: { ...cpu, ...pressure.values }, errors: { ...errors, ...pressure.errors } };
}

/** A part of a sample with what was measured besides. */
export function withResources<Part extends { errors?: MeasureErrors }>(
  part: Part,
  { values, errors }: Resources<Partial<Part>>,
): Part {
  const all = { ...part.errors, ...errors };
  return { ...part, ...values, ...(Object.keys(all).length > 0 && { errors: all }) };
}
