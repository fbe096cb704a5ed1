import { readFileSync, readdirSync } from 'node:fs';
import type { UnitState } from './types.ts';

/** What the kernel tells of a process. */
export interface ProcessStat {
  pid: number;
  parentPid: number;
  /** start, in clock ticks since boot (field 22 of /proc/PID/stat): pid and start together name one process */
  startTicks: number;
  /** where the stack of its program began (field 28); 0: not ours to see. A fork keeps it, an exec does not */
  stackStart: number;
  /** SIGINT is ignored, as each process of Celery's pool does */
  ignoresInterrupt: boolean;
}

/** One process as /proc shows it. */
export interface Process extends ProcessStat {
  /** its command line, or the title that it has set instead as the only word */
  argv: string[];
}

/** Hierarchies that systemd puts its groups in: unified, legacy, hybrid. */
const CGROUP_ROOTS = ['/sys/fs/cgroup', '/sys/fs/cgroup/systemd', '/sys/fs/cgroup/unified'];

/** All living processes of a unit, by pid; zombies are none. Empty where the unit does not run. */
export function readUnitProcesses(
  unit: Pick<UnitState, 'mainPid' | 'controlGroup'>,
): Map<number, Process> {
  const { mainPid, controlGroup } = unit;
  return readProcesses(controlGroup === null ? [] : readGroupPids(controlGroup), mainPid);
}

/** The same, by the list of the unit's group. */
export function readProcesses(
  listed: readonly number[],
  mainPid: number | null,
): Map<number, Process> {
  const pids = new Set(listed);
  // a session of its own (su, sudo with PAM), or a group below the unit's, is not listed there
  if (mainPid !== null && !pids.has(mainPid)) addDescendants(mainPid, pids);
  const stats = new Map<number, ProcessStat>();
  for (const pid of pids) {
    const stat = readStat(pid);
    if (stat !== null) stats.set(pid, stat);
  }
  const processes = new Map<number, Process>();
  for (const stat of stats.values()) addProcess(stat, stats, processes);
  return processes;
}

/**
 * A fork has the command line of its parent, so it is not read: most processes of a service are forks, and each file
 * costs. But where the parent has set a title, which is one word, the fork may have set another.
 */
function addProcess(
  stat: ProcessStat,
  stats: ReadonlyMap<number, ProcessStat>,
  processes: Map<number, Process>,
): string[] | null {
  const known = processes.get(stat.pid);
  if (known !== undefined) return known.argv;
  const parent = stats.get(stat.parentPid);
  const isFork = stat.stackStart !== 0 && parent?.stackStart === stat.stackStart;
  const inherited = isFork ? addProcess(parent, stats, processes) : null;
  const argv = inherited !== null && inherited.length > 1 ? inherited : readArgv(stat.pid);
  if (argv !== null) processes.set(stat.pid, { ...stat, argv });
  return argv;
}

/** One process by its number; null where there is none, or only a zombie. */
export function readProcess(pid: number): Process | null {
  const stat = readStat(pid);
  const argv = readArgv(pid);
  return stat === null || argv === null ? null : { ...stat, argv };
}

function readArgv(pid: number): string[] | null {
  return readText(`/proc/${pid}/cmdline`)?.replace(/\0+$/, '').split('\0') ?? null;
}

/** So many of /proc/PID/stat are looked at behind the name. */
const FIELDS = 31;

/** As `readProcess`, without its command line. See proc_pid_stat(5). */
export function readStat(pid: number): ProcessStat | null {
  const stat = readText(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // the name in field 2 may hold anything, so fields are counted from its closing bracket
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ', FIELDS);
  if (fields[0] === 'Z' || fields[0] === 'X') return null;
  return {
    pid,
    parentPid: Number(fields[1]),
    startTicks: Number(fields[19]),
    stackStart: Number(fields[25]),
    // a mask of signals, bit 1 being SIGINT
    ignoresInterrupt: (Number(fields[30]) & 2) !== 0,
  };
}

/** The processes of a group itself, without those of groups below it; none where there is no such group. */
export function readGroupPids(controlGroup: string): number[] {
  for (const root of CGROUP_ROOTS) {
    const text = readText(`${root}${controlGroup}/cgroup.procs`);
    // 0: a process that this pid namespace does not see
    if (text !== null)
      return text
        .split('\n')
        .map(Number)
        .filter((pid) => pid > 0);
  }
  return [];
}

/** Any thread may have started a child, and each has a list of its own. */
function addDescendants(pid: number, pids: Set<number>): void {
  if (pids.has(pid)) return;
  pids.add(pid);
  for (const thread of listNames(`/proc/${pid}/task`)) {
    const children = readText(`/proc/${pid}/task/${thread}/children`) ?? '';
    for (const child of children.split(' ')) if (child !== '') addDescendants(Number(child), pids);
  }
}

function listNames(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/** null: gone in this moment, or not ours to read */
function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
