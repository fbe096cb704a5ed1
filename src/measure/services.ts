import type { ServiceSample } from '../decide/types.ts';
import { findWorkerTree, type WorkerTree } from '../systemd/processes.ts';
import type { UnitState } from '../systemd/types.ts';
import type { Location, UnitSources } from '../unit-file/types.ts';
import { assumeRunning, locateWorkers } from '../unit-file/workers.ts';
import { hashUnit } from './unit-hash.ts';
import { readUnitSources } from './unit-sources.ts';
import { readMemoryMb } from './worker-memory.ts';

/** A service as it is now; `location` is null where the unit's files cannot be read. */
export interface ServiceMeasure {
  sample: ServiceSample;
  location: Location | null;
}

/** Celery's pools whose workers are processes. */
const PROCESS_POOLS = ['prefork', 'processes'];

/**
 * One service: declared workers from the unit's files, running workers from its processes, and, where
 * `wantsMemory`, what they hold: that costs milliseconds for each of them. What cannot be had is null,
 * with its error.
 */
export async function measureService(
  unit: UnitState,
  wantsMemory: (sample: ServiceSample) => boolean,
): Promise<ServiceMeasure> {
  const errors: Record<string, string> = {};
  const running = isDown(unit) ? [] : await readRunning(unit);
  if (!Array.isArray(running)) errors['running'] = running.error;
  const sources = readSources(unit, errors);
  const located = sources && locateWorkers(sources);
  const location = located && assumeRunning(located, countUp(running));
  const workers = location === null || location.how === 'refused' ? null : location.workers;
  if (location?.how === 'refused') errors['workers'] = location.message;
  const sample: ServiceSample = {
    workers,
    running: Array.isArray(running) ? running.length : null,
    active: unit.activeState,
    main_pid: unit.mainPid,
    main_start_s: unit.mainStartUs === null ? null : unit.mainStartUs / 1_000_000,
    auto_restarts: unit.nRestarts,
    unit_hash: sources === null ? null : hashUnit(sources),
  };
  if (wantsMemory(sample)) {
    sample.memory_mb = Array.isArray(running) ? readMemoryMb(running) : null;
    if (sample.memory_mb === null) {
      errors['memory_mb'] = errors['running'] ?? 'it has no workers whose memory could be read';
    }
  }
  if (Object.keys(errors).length > 0) sample.errors = errors;
  return { sample, location };
}

function readSources(unit: UnitState, errors: Record<string, string>): UnitSources | null {
  try {
    return readUnitSources(unit);
  } catch (error) {
    errors['workers'] = (error as Error).message;
    return null;
  }
}

function isDown(unit: UnitState): boolean {
  return unit.activeState === 'inactive' || unit.activeState === 'failed';
}

/** How many workers a unit has, null where it is down or they cannot be counted. */
export async function countRunning(unit: UnitState): Promise<number | null> {
  return isDown(unit) ? null : countUp(await readRunning(unit));
}

function countUp(running: number[] | { error: string }): number | null {
  return Array.isArray(running) && running.length > 0 ? running.length : null;
}

/** The workers' process ids, or why they cannot be counted. */
async function readRunning(unit: UnitState): Promise<number[] | { error: string }> {
  const tree = await findWorkerTree(unit);
  return 'error' in tree ? tree : countable(tree);
}

function countable({ kind, pool, workerPids }: WorkerTree): number[] | { error: string } {
  if (pool !== null && !PROCESS_POOLS.includes(pool)) {
    return { error: `the workers of its pool (${pool}) are no processes` };
  }
  // prefork always has some; the app itself may set another pool, which no command line tells
  if (kind === 'celery' && workerPids.length === 0) {
    return {
      error: 'its pool has no processes: it is starting, or its app sets a pool of threads',
    };
  }
  return workerPids;
}
