import { readFileSync } from 'node:fs';
import type { MemoryGroup } from '../model/resource-types.ts';
import type { UnitState } from '../model/unit-state.ts';

/** Where the controllers of the unified hierarchy are (cgroups(7)). */
const ROOT = '/sys/fs/cgroup';

const MB = 2 ** 20;

/** The group and those above it have a limit, or the unit names one. */
type Limited = Pick<
  UnitState,
  'unit' | 'controlGroup' | 'memoryMaxBytes' | 'memoryHighBytes' | 'cpuQuotaCores'
>;

/** The processors that a group may use, and the group that says so. */
export interface CpuQuota {
  group: string;
  cores: number;
}

/**
 * What may not be exceeded by a service's control group and by those above it (its slices), innermost first; none where
 * memory is not limited. Each by the smaller of `memory.max`, beyond which the kernel kills, and `memory.high`, beyond
 * which it slows down. Where the kernel does not say it (another hierarchy, a service that is down) the unit's own
 * settings are taken, and how much is in use is not known.
 */
export function readMemoryGroups(unit: Limited, root = ROOT): MemoryGroup[] {
  const groups = listGroups(unit).flatMap((group) => readMemoryGroup(group, root) ?? []);
  const isOwnKnown = groups.some(({ group }) => group === unit.controlGroup);
  if (isOwnKnown) return groups;
  const own = toGroup(unit.unit, unit.memoryMaxBytes, unit.memoryHighBytes);
  return own === null ? groups : [{ ...own, used_mb: null }, ...groups];
}

/** The tightest quota of a service's control group, of those above it, and of the unit; null: none. `cpu.max`, cgroups(7). */
export function readCpuQuota(unit: Limited, root = ROOT): CpuQuota | null {
  const { unit: name, cpuQuotaCores } = unit;
  const quotas: CpuQuota[] = cpuQuotaCores === null ? [] : [{ group: name, cores: cpuQuotaCores }];
  for (const group of listGroups(unit)) {
    const [quota, period] = (read(`${root}${group}/cpu.max`) ?? '').split(' ').map(Number);
    if (quota! >= 0 && period! > 0) quotas.push({ group, cores: quota! / period! });
  }
  return quotas.toSorted((a, b) => a.cores - b.cores)[0] ?? null;
}

/**
 * Processes of a control group that the kernel has ended for lack of memory since the group was made, whether its own
 * limit, that of a group above it or the host's was the reason (`oom_kill` of `memory.events`); null: not known.
 */
export function readOomKills(controlGroup: string | null, root = ROOT): number | null {
  if (controlGroup === null) return null;
  const count = /^oom_kill (\d+)$/m.exec(read(`${root}${controlGroup}/memory.events`) ?? '')?.[1];
  return count === undefined ? null : Number(count);
}

/** `/a.slice/b.service`, `/a.slice`. */
function listGroups({ controlGroup }: Limited): string[] {
  const parts = (controlGroup ?? '').split('/').filter((part) => part !== '');
  return parts.map((_, index) => `/${parts.slice(0, parts.length - index).join('/')}`);
}

function readMemoryGroup(group: string, root: string): MemoryGroup | null {
  const file = (name: string): string | null => read(`${root}${group}/memory.${name}`);
  const limit = toGroup(group, readBytes(file('max')), readBytes(file('high')));
  const usedBytes = limit === null ? null : readBytes(file('current'));
  if (limit === null || usedBytes === null) return null;
  // what was read from files and is not used any more goes before anybody is ended
  const idle = /^inactive_file (\d+)$/m.exec(file('stat') ?? '')?.[1] ?? '0';
  return { ...limit, used_mb: toMb(Math.max(0, usedBytes - Number(idle))) };
}

function toGroup(
  group: string,
  maxBytes: number | null,
  highBytes: number | null,
): Omit<MemoryGroup, 'used_mb'> | null {
  if (maxBytes === null && highBytes === null) return null;
  const isHigh = (highBytes ?? Infinity) < (maxBytes ?? Infinity);
  const limit_mb = toMb(isHigh ? highBytes! : maxBytes!);
  return { group, what: isHigh ? 'MemoryHigh' : 'MemoryMax', limit_mb };
}

/** `max`: no limit */
function readBytes(text: string | null): number | null {
  return text !== null && /^\d+\n?$/.test(text) ? Number(text) : null;
}

function toMb(bytes: number): number {
  return Math.round((bytes / MB) * 10) / 10;
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
