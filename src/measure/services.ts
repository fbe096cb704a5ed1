import { measureError, type MeasureError, type MeasureErrors } from '../model/measure-error.ts';
import { isDown } from '../model/unit-state.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KindName, ServiceSample } from '../model/types.ts';
import { enterPhase } from '../host/phase.ts';
import { findWorkerTree, type NoTree, type WorkerTree } from '../kinds/worker-tree.ts';
import { tellNoTree } from './worker-trees.ts';
import type { UnitState } from '../model/unit-state.ts';
import { assumeRunning } from '../targets/assume-running.ts';
import type { FactsMemory, KnownLocation, ServiceFacts } from '../targets/target.ts';
import { kindNamed } from '../kinds/registry.ts';
import { readMemoryMb } from './worker-memory.ts';

/** A service as it is now; `location` is null where the unit's files cannot be read. */
export interface ServiceMeasure {
  sample: ServiceSample;
  location: KnownLocation | null;
  /** what it runs, by its processes, or else by its files; null: that is not known */
  kind: KindName | null;
  /** the main process of a service that runs tasks; null: there is none */
  tasksPid: number | null;
}

const NO_MEMORY = measureError('no_workers', 'it has no workers whose memory could be read');

/** How often, and how long after one another, a pool is looked at of which workers are missing. */
const LOOKS = 10;
const LOOK_MS = 20;

/**
 * One service: declared workers from the unit's files, running workers and running tasks from its
 * processes (`tree`: null where it is down), and, where `wantsMemory`, what they hold: that costs milliseconds for each of them. What cannot
 * be had is null, with its error.
 */
export async function measureService(
  unit: UnitState,
  tree: WorkerTree | NoTree | null,
  memory: FactsMemory,
  wantsMemory: (sample: ServiceSample) => boolean,
): Promise<ServiceMeasure> {
  const errors: MeasureErrors = {};
  const measuring = `measuring ${unit.unit}`;
  const seen = tree === null ? [] : countable(tree);
  if (!Array.isArray(seen)) errors['running'] = seen;
  enterPhase(`${measuring}: reading its files`);
  const facts = await readFacts(unit, memory, errors);
  const location = facts && assumeRunning(facts.location, countUp(seen));
  const workers = location === null || location.how === 'refused' ? null : location.workers;
  const kind = tree === null || 'error' in tree ? null : kindNamed(tree.kind);
  const isShort = Array.isArray(seen) && workers !== null && seen.length < workers;
  const running =
    kind?.pool.comeAndGo === true && isShort ? await lookAgain(unit, seen, workers) : seen;
  if (location?.how === 'refused') {
    errors['workers'] = measureError('number_refused', location.message);
  }
  const sample: ServiceSample = {
    workers,
    running: Array.isArray(running) ? running.length : null,
    active: unit.activeState,
    main_pid: unit.mainPid,
    main_start_s: unit.mainStartUs === null ? null : unit.mainStartUs / 1_000_000,
    auto_restarts: unit.nRestarts,
    unit_hash: facts?.hash ?? null,
  };
  enterPhase(`${measuring}: looking at its workers`);
  const countTasks = kind?.load.countTasks ?? null;
  const tasksPid = countTasks === null || tree === null || 'error' in tree ? null : tree.masterPid;
  if (countTasks !== null && tasksPid !== null) {
    const tasks = Array.isArray(running) ? countTasks(tasksPid, running) : running;
    sample.running_tasks = typeof tasks === 'number' ? tasks : null;
    if (typeof tasks === 'object') errors['running_tasks'] = tasks;
  }
  if (wantsMemory(sample)) {
    sample.memory_mb = Array.isArray(running) ? readMemoryMb(running) : null;
    if (sample.memory_mb === null) {
      errors['memory_mb'] = errors['running'] ?? NO_MEMORY;
    }
  }
  if (Object.keys(errors).length > 0) sample.errors = errors;
  return { sample, location, kind: kind?.name ?? location?.kind ?? null, tasksPid };
}

/**
 * The workers of a pool of which some are missing: one that ends (`--max-tasks-per-child` of Celery) is replaced in the next
 * moment, so it is looked at for a moment. There are never more than the pool has, so the most that ran at once count.
 */
async function lookAgain(unit: UnitState, first: number[], workers: number): Promise<number[]> {
  let most = first;
  for (let looks = 0; looks < LOOKS && most.length < workers; looks++) {
    await sleep(LOOK_MS);
    const running = countable(await findWorkerTree(unit));
    if (!Array.isArray(running)) break;
    if (running.length > most.length) most = running;
  }
  return most;
}

async function readFacts(
  unit: UnitState,
  memory: FactsMemory,
  errors: MeasureErrors,
): Promise<ServiceFacts | null> {
  try {
    return await memory.readFacts(unit);
  } catch (error) {
    errors['workers'] = measureError('unit_unreadable', (error as Error).message);
    return null;
  }
}

/** How many workers a unit has, null where it is down or they cannot be counted. */
export async function countRunning(unit: UnitState): Promise<number | null> {
  return isDown(unit) ? null : countUp(countable(await findWorkerTree(unit)));
}

function countUp(running: number[] | MeasureError): number | null {
  return Array.isArray(running) && running.length > 0 ? running.length : null;
}

/** The workers' process ids, or why they cannot be counted. */
function countable(tree: WorkerTree | NoTree): number[] | MeasureError {
  if ('error' in tree) return tellNoTree(tree);
  const { pool, workerPids } = tree;
  const { isCountable, whyEmpty } = kindNamed(tree.kind).pool;
  if (!isCountable(pool)) {
    return measureError('not_applicable', `the workers of its pool (${pool}) are no processes`);
  }
  return whyEmpty !== null && workerPids.length === 0
    ? measureError('no_workers', whyEmpty)
    : workerPids;
}
