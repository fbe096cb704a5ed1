import type { Head } from '../kernel-files.ts';
import { readMemoryAhead, readMemoryFiles } from '../process-memory.ts';
import { addDescendants, readGroupPids, TOO_MANY, type Unreadable } from './group-pids.ts';
import { readStat, type ProcessStat } from './stat.ts';
import type { UnitState } from '../../model/unit-state.ts';

/** One process as /proc shows it. */
export interface Process extends ProcessStat {
  /** its command line, or the title that it has set instead as the only word */
  argv: string[];
  /** the command line is longer than what is read of it, so that nothing is concluded from its words */
  isCut?: true;
}

/** A command line of Gunicorn or Celery has some hundred bytes. */
const ARGV_BYTES = 64 * 1024;
/** All command lines of a unit that had to be read. */
const ALL_ARGV_BYTES = 4 * 2 ** 20;
/** The variables of one process. */
const ENVIRON_BYTES = 256 * 1024;
/** All living processes of a unit, by pid; zombies are none. Empty where the unit does not run. */
export function readUnitProcesses(
  unit: Pick<UnitState, 'mainPid' | 'controlGroup'>,
): Map<number, Process> | Unreadable {
  const { mainPid, controlGroup } = unit;
  return readProcesses(controlGroup === null ? [] : readGroupPids(controlGroup), mainPid);
}

/** The same, by the list of the unit's group. */
export function readProcesses(
  listed: readonly number[] | Unreadable,
  mainPid: number | null,
): Map<number, Process> | Unreadable {
  if ('error' in listed) return listed;
  const pids = new Set(listed);
  // a session of its own (su, sudo with PAM), or a group below the unit's, is not listed there
  if (mainPid !== null && !pids.has(mainPid) && !addDescendants(mainPid, pids)) return TOO_MANY;
  const stats = new Map<number, ProcessStat>();
  for (const pid of pids) {
    const stat = readStat(pid);
    if (stat !== null) stats.set(pid, stat);
  }
  const commands = readCommands(stats);
  if ('error' in commands) return commands;
  const processes = new Map<number, Process>();
  for (const stat of stats.values()) addProcess(stat, stats, commands, processes);
  return processes;
}

const TOO_LONG: Unreadable = {
  error: `the command lines of its processes have more than ${ALL_ARGV_BYTES / 2 ** 20} MB`,
};

/**
 * A fork has the command line of its parent, so it is not read: most processes of a service are forks. But where the
 * parent has set a title, which is one word, the fork may have set another.
 */
function addProcess(
  stat: ProcessStat,
  stats: ReadonlyMap<number, ProcessStat>,
  commands: ReadonlyMap<number, Command>,
  processes: Map<number, Process>,
): void {
  for (const each of lineOf(stat, stats, processes).reverse()) {
    if (processes.has(each.pid)) continue;
    const parent = findForked(each, stats);
    const inherited = parent === null ? undefined : processes.get(parent.pid);
    const shares = inherited !== undefined && inherited.argv.length > 1;
    const command = shares ? inherited : commands.get(each.pid);
    if (command === undefined) continue;
    const { argv, isCut } = command;
    processes.set(each.pid, { ...each, argv, ...(isCut === true && { isCut }) });
  }
}

/**
 * The process and those above it, up to the program that all of them are forks of, or to one of `known`; a number used
 * again meanwhile may make a ring of parents.
 */
function lineOf(
  stat: ProcessStat,
  stats: ReadonlyMap<number, ProcessStat>,
  known?: ReadonlyMap<number, unknown>,
): ProcessStat[] {
  const line = new Set<ProcessStat>();
  for (let at: ProcessStat | null = stat; at !== null; at = findForked(at, stats)) {
    if (line.has(at)) break;
    line.add(at);
    if (known?.has(at.pid) === true) break;
  }
  return [...line];
}

/** Those of the programs first; then, of those that have set a title, those of their forks. */
function readCommands(
  stats: ReadonlyMap<number, ProcessStat>,
): ReadonlyMap<number, Command> | Unreadable {
  const all = [...stats.values()];
  const isProgram = (stat: ProcessStat): boolean => findForked(stat, stats) === null;
  const first = readArgvs(all.filter(isProgram));
  if ('error' in first) return first;
  const known = new Map<number, boolean>();
  const hasTitle = (stat: ProcessStat): boolean => {
    const line = lineOf(stat, stats, known);
    const top = line.at(-1)!;
    const is = known.get(top.pid) ?? (first.get(top.pid)?.argv.length ?? 0) < 2;
    for (const { pid } of line) known.set(pid, is);
    return is;
  };
  const second = readArgvs(all.filter((stat) => !isProgram(stat) && hasTitle(stat)));
  if ('error' in second) return second;
  return new Map([...first, ...second]);
}

/** The process that this one is a fork of; null: it is none, or that is not one of the unit's. */
function findForked(
  { parentPid, stackStart }: ProcessStat,
  stats: ReadonlyMap<number, ProcessStat>,
): ProcessStat | null {
  const parent = stats.get(parentPid);
  return stackStart !== 0 && parent?.stackStart === stackStart ? parent : null;
}

/** One process by its number, and the variables that it was started with (`name=value`, each with a NUL behind it). */
export interface OneProcess extends Process {
  environ: Head;
}

/** null where there is no such process, or only a zombie, or its memory cannot be looked at. */
export function readProcess(pid: number): OneProcess | null {
  const stat = readStat(pid);
  const paths = ['cmdline', 'environ'].map((name) => `/proc/${pid}/${name}`);
  const limits = { maxBytes: ENVIRON_BYTES, allBytes: 2 * ENVIRON_BYTES };
  const read = stat === null ? NOTHING : readMemoryFiles(paths, limits);
  if (stat === null || 'error' in read) return null;
  const [{ text, isCut }, environ] = read as [Head, Head];
  const isLong = isCut || text.length > ARGV_BYTES;
  const argv = parseArgv(text.slice(0, ARGV_BYTES));
  return { ...stat, argv, ...(isLong && { isCut: true }), environ };
}

const NOTHING: readonly Head[] = [];

type Command = Pick<Process, 'argv' | 'isCut'>;

function readArgvs(of: readonly ProcessStat[]): ReadonlyMap<number, Command> | Unreadable {
  const read = readMemoryFiles(
    of.map(({ pid }) => `/proc/${pid}/cmdline`),
    { maxBytes: ARGV_BYTES, allBytes: ALL_ARGV_BYTES },
  );
  if ('error' in read) {
    const { error, isTooMuch } = read;
    return isTooMuch ? TOO_LONG : { error: `its processes cannot be read: ${error}` };
  }
  const commands = new Map<number, Command>();
  for (const [index, { pid }] of of.entries()) {
    const { text, isCut } = read[index]!;
    // it has ended meanwhile, or has no command line
    if (text === '' && readStat(pid) === null) continue;
    commands.set(pid, { argv: parseArgv(text), ...(isCut && { isCut }) });
  }
  return commands;
}

/** Of more processes of a unit the command lines are not read ahead. */
const MOST_AHEAD = 64;

/** Reads the command lines of several units at once, for `readProcesses` right after it. */
export function readCommandsAhead(groups: readonly (readonly number[])[]): void {
  const pids = groups.flatMap((listed) => (listed.length > MOST_AHEAD ? [] : listed));
  readMemoryAhead(
    pids.map((pid) => `/proc/${pid}/cmdline`),
    { maxBytes: ARGV_BYTES, allBytes: ALL_ARGV_BYTES },
  );
}

/** The words of a command line, or the title that stands there with the NULs that fill up its place. */
export function parseArgv(text: string): string[] {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 0) end--;
  return text.slice(0, end).split('\0');
}
