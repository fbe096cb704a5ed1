import { enterPhase } from '../host/phase.ts';
import { tellBug } from '../host/fault.ts';
import { readGroupPids } from '../host/proc/group-pids.ts';
import { readCommandsAhead } from '../host/proc/proc.ts';
import { findWorkerTree, type NoTree, type WorkerTree } from '../kinds/worker-tree.ts';
import type { UnitState } from '../model/unit-state.ts';
import { measureError, type MeasureError } from '../model/measure-error.ts';
import { isDown } from '../model/unit-state.ts';

/** The processes of services as they were at one moment, by unit; none of one that is down. */
export type WorkerTrees = ReadonlyMap<string, WorkerTree | NoTree>;

/** Looks at the processes of services, with one call for all their command lines. */
export async function readWorkerTrees(units: Iterable<UnitState>): Promise<WorkerTrees> {
  const all = [...units];
  readAhead(all);
  const trees = new Map<string, WorkerTree | NoTree>();
  for (const unit of all) {
    const tree = await readWorkerTree(unit);
    if (tree !== null) trees.set(unit.unit, tree);
  }
  return trees;
}

/** Reads the command lines of the processes of services with one call, for whoever looks at each in the next moments. */
export function readAhead(units: readonly UnitState[]): void {
  enterPhase('measuring: reading the processes of all services');
  const groups = units.flatMap((unit): number[][] => {
    const { controlGroup } = unit;
    const pids = controlGroup === null || isDown(unit) ? [] : readGroupPids(controlGroup);
    return 'error' in pids || pids.length === 0 ? [] : [pids];
  });
  // one alone is read in the same way
  if (groups.length > 1) readCommandsAhead(groups);
}

/** The processes of a service at this moment; null: it is down. A bug of ours costs one service alone. */
export async function readWorkerTree(unit: UnitState): Promise<WorkerTree | NoTree | null> {
  if (isDown(unit)) return null;
  enterPhase(`measuring ${unit.unit}: reading its processes`);
  try {
    return await findWorkerTree(unit);
  } catch (error) {
    return { error: tellBug(error), isBug: true };
  }
}

/** Why the processes of a service are not told apart, as an error of what is measured of them. */
export function tellNoTree({ error, empty, unreadable, isBug }: NoTree): MeasureError {
  const code = isBug ? 'bug' : empty ? 'no_processes' : unreadable ? 'unseen' : 'unclear';
  return measureError(code, error);
}
