import { uptime } from 'node:os';
import { monotonicMs } from '../../host/monotonic.ts';
import { MAX_AGE_MS } from './known-states.ts';
import { readGroupPids, type Unreadable } from '../../host/proc/group-pids.ts';
import { readCommandsAhead, readProcesses, type Process } from '../../host/proc/proc.ts';
import { selectWorkerTree, type WorkerTree } from '../../kinds/worker-tree.ts';
import type { UnitState } from '../../model/unit-state.ts';

/** The workers of a service as they were found, and by what one sees that they still are: see `markOf`. */
interface KnownTree {
  /** when they were looked at, as `monotonicMs` */
  foundMs: number;
  mark: string;
  tree: WorkerTree;
}

/** What was found in earlier runs, by unit; it goes from run to run. */
export interface KnownTrees {
  trees: Record<string, KnownTree>;
  /** something in it was taken for an answer */
  wasUsed: boolean;
  /** there is something new to be kept */
  hasChanged: boolean;
}

/** Nothing is known. */
export function noTrees(): KnownTrees {
  return { trees: {}, wasUsed: false, hasChanged: false };
}

/** So old a process is what it will be: no fork that is about to become another program, no title still to come. */
const SETTLED_S = 10;
/** Clock ticks of /proc/PID/stat in a second, for programs always 100 (time(7)). */
const TICKS_PER_S = 100;

/**
 * As `findWorkerTree`, but where a service has the same start and the same processes as when they were looked at
 * last, at most ten minutes ago, what was found then is taken: only their list is read, not each of them.
 */
export function findWorkerTreeAgain(
  unit: UnitState,
  known: KnownTrees,
): WorkerTree | { error: string; empty?: boolean } {
  const pids = unit.controlGroup === null ? [] : readGroupPids(unit.controlGroup);
  const mark = markOf(unit, pids);
  const found = known.trees[unit.unit];
  const nowMs = monotonicMs();
  if (found !== undefined && found.mark === mark && nowMs - found.foundMs <= MAX_AGE_MS) {
    known.wasUsed = true;
    return found.tree;
  }
  const processes = readProcesses(pids, unit.mainPid);
  if ('error' in processes) return processes;
  const tree = selectWorkerTree(processes, unit.mainPid, unit.kind);
  if (mark !== null && !('error' in tree) && areSettled(processes.values())) {
    known.trees[unit.unit] = { foundMs: nowMs, mark, tree };
    known.hasChanged = true;
  }
  return tree;
}

/** Reads at once what `findWorkerTreeAgain` is going to need for these units. */
export function readTreesAhead(units: Iterable<UnitState>, known: KnownTrees): void {
  const groups = [...units].flatMap((unit): number[][] => {
    const pids = unit.controlGroup === null ? [] : readGroupPids(unit.controlGroup);
    if ('error' in pids || pids.length === 0) return [];
    const isKnown = known.trees[unit.unit]?.mark === markOf(unit, pids);
    return isKnown ? [] : [[...pids]];
  });
  // one alone is read in the same way
  if (groups.length > 1) readCommandsAhead(groups);
}

/** null: its processes are not those of the list alone. */
function markOf(
  { mainPid, mainStartUs, invocationId, kind }: UnitState,
  pids: readonly number[] | Unreadable,
): string | null {
  if ('error' in pids) return null;
  if (mainPid === null || mainStartUs === null || !pids.includes(mainPid)) return null;
  return [invocationId, mainStartUs, kind ?? '', mainPid, ...pids].join(' ');
}

function areSettled(processes: Iterable<Process>): boolean {
  const latest = (uptime() - SETTLED_S) * TICKS_PER_S;
  return Array.from(processes).every(({ startTicks }) => startTicks <= latest);
}
