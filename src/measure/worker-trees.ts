import { enterPhase } from '../host/phase.ts';
import { tellBug } from '../host/fault.ts';
import { readGroupPids } from '../host/proc/group-pids.ts';
import { readCommandsAhead } from '../host/proc/proc.ts';
import { findWorkerTree, type NoTree, type WorkerTree } from '../kinds/worker-tree.ts';
import type { UnitState } from '../model/unit-state.ts';
import { isDown } from '../model/unit-state.ts';

/** The processes of services as they were at one moment, by unit; none of one that is down. */
export type WorkerTrees = ReadonlyMap<string, WorkerTree | NoTree>;

/** Looks at the processes of services, with one call for all their command lines. A bug of ours costs one service alone. */
export async function readWorkerTrees(units: Iterable<UnitState>): Promise<WorkerTrees> {
  const up = [...units].filter((unit) => !isDown(unit));
  enterPhase('measuring: reading the processes of all services');
  const groups = up.flatMap(({ controlGroup }): number[][] => {
    const pids = controlGroup === null ? [] : readGroupPids(controlGroup);
    return 'error' in pids || pids.length === 0 ? [] : [pids];
  });
  // one alone is read in the same way
  if (groups.length > 1) readCommandsAhead(groups);
  const trees = new Map<string, WorkerTree | NoTree>();
  for (const unit of up) {
    enterPhase(`measuring ${unit.unit}: reading its processes`);
    trees.set(unit.unit, await findTree(unit));
  }
  return trees;
}

async function findTree(unit: UnitState): Promise<WorkerTree | NoTree> {
  try {
    return await findWorkerTree(unit);
  } catch (error) {
    return { error: tellBug(error) };
  }
}
