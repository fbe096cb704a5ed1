import { readFileSync } from 'node:fs';
import type { PressureKey } from '../model/metric-name.ts';
import type { Pressures } from '../model/resource-types.ts';
import { measureError, type MeasureError, type MeasureErrors } from '../model/measure-error.ts';

/** The file of each pressure, below /proc/pressure; a group's has the same name and `.pressure`. */
const FILES = { cpu_pressure: 'cpu', memory_pressure: 'memory', io_pressure: 'io' } as const;

/** Where systemd's groups are, with PSI: the unified hierarchy, alone or beside the older ones. */
const GROUP_ROOTS = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'];

const NONE_OF_HOST = measureError(
  'no_pressure',
  'this kernel keeps no pressure (PSI): boot it with psi=1',
);
const NONE_OF_GROUP = measureError(
  'no_group_pressure',
  'no pressure is kept of its cgroup: that needs cgroup v2, and PSI in the kernel',
);

/** Parts of a sample, and why what is null in them could not be had. */
export interface Resources<Part> {
  values: Part;
  errors: MeasureErrors;
}

/** What the averages are taken since: the counters of the sample before it and the seconds since then; null: there is none. */
export type Since = { counters: Pressures | undefined; seconds: number } | null;

/** The pressure of the host since the sample before, or by the kernel's own average where that has none; null where the kernel keeps no pressure. */
export function measureHostPressure(
  keys: readonly PressureKey[],
  since: Since,
): Resources<Pressures> {
  return measure(keys, (key) => [`/proc/pressure/${FILES[key]}`], since, NONE_OF_HOST);
}

/** The pressure of a unit's cgroup since the sample before; null on cgroup v1 and where the kernel keeps none. */
export function measureGroupPressure(
  keys: readonly PressureKey[],
  controlGroup: string,
  since: Since,
): Resources<Pressures> {
  const pathsOf = (key: PressureKey): string[] =>
    GROUP_ROOTS.map((root) => `${root}${controlGroup}/${FILES[key]}.pressure`);
  return measure(keys, pathsOf, since, NONE_OF_GROUP);
}

function measure(
  keys: readonly PressureKey[],
  pathsOf: (key: PressureKey) => string[],
  since: Since,
  lacking: MeasureError,
): Resources<Pressures> {
  const pressures: Pressures = {};
  const errors: MeasureErrors = {};
  const counters: NonNullable<Pressures['pressure_us']> = {};
  for (const key of keys) {
    const found = readFirst(pathsOf(key));
    const before = since?.counters?.pressure_us?.[key];
    if (found === null) {
      pressures[key] = null;
      errors[key] = lacking;
      continue;
    }
    const { totalUs, avg300 } = found;
    counters[key] = totalUs;
    pressures[key] =
      since === null || before === undefined
        ? avg300
        : // a group that was recreated counts from 0
          toPercent(totalUs >= before ? totalUs - before : totalUs, since.seconds);
  }
  return { values: { ...pressures, pressure_us: counters }, errors };
}

/**
 * The line `some`: microseconds in which at least one process waited, and the kernel's own average over 300 s.
 * Documentation/accounting/psi.rst.
 */
export function parsePressure(text: string): { totalUs: number; avg300: number } | null {
  const found = /^some .*\bavg300=([\d.]+) total=(\d+)/m.exec(text);
  return found === null ? null : { totalUs: Number(found[2]), avg300: Number(found[1]) };
}

function readFirst(paths: readonly string[]): ReturnType<typeof parsePressure> {
  for (const path of paths) {
    const found = readPressure(path);
    if (found !== null) return found;
  }
  return null;
}

function readPressure(path: string): ReturnType<typeof parsePressure> {
  try {
    // with psi=0 the file may be there and not be read
    return parsePressure(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

function toPercent(us: number, seconds: number): number {
  return seconds <= 0 ? 0 : Math.min(100, Math.round(us / seconds / 100) / 100);
}
