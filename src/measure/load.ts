import type { ServiceSample } from '../decide/types.ts';
import { findWorkerTree } from '../systemd/processes.ts';
import type { UnitState } from '../systemd/types.ts';
import type { Concurrency } from '../unit-file/gunicorn-concurrency.ts';
import { measureBusyness, type Busyness, type BusyRequest } from './busy.ts';
import { countWaiting, readTablesOnce } from './listeners.ts';
import { readUnitFacts, type UnitMemory } from './unit-facts.ts';

/** What is wanted of one service. */
export interface LoadRequest {
  unit: UnitState;
  busy: boolean;
  backlog: boolean;
  /** true: nothing is said where it does not run Gunicorn */
  ifGunicorn: boolean;
}

/** A service's part of a sample: how busy it is, and what waits for it. Missing: not asked. */
export type Load = Pick<ServiceSample, 'busy_percent' | 'backlog' | 'errors'>;

/** How busy Gunicorn services are, and what waits for them, side by side; by unit. `memory`: what is known of units already. */
export async function measureLoads(
  requests: readonly LoadRequest[],
  memory: UnitMemory,
): Promise<Map<string, Load>> {
  const found = new Map<string, { busy?: Busyness; backlog?: number | { error: string } }>();
  const toWatch: BusyRequest[] = [];
  const read = readTablesOnce();
  for (const { unit, busy, backlog, ifGunicorn } of requests) {
    const tree = await findWorkerTree(unit);
    const isGunicorn = !('error' in tree) && tree.kind === 'gunicorn';
    if (!isGunicorn) {
      const error = 'error' in tree ? tree.error : 'it is a Celery worker, which has no socket';
      if (!ifGunicorn)
        found.set(unit.unit, {
          ...(busy && { busy: { error } }),
          ...(backlog && { backlog: { error } }),
        });
      continue;
    }
    const { masterPid, workerPids } = tree;
    found.set(unit.unit, backlog ? { backlog: countWaiting(masterPid, read) } : {});
    if (!busy) continue;
    const concurrency = await tellConcurrency(unit, memory);
    toWatch.push({ service: unit.unit, masterPid, workerPids, concurrency });
  }
  const busyness = await measureBusyness(toWatch, read);
  return new Map(
    [...found].map(([service, { busy = busyness.get(service), backlog }]): [string, Load] => [
      service,
      toLoad(busy, backlog),
    ]),
  );
}

async function tellConcurrency(unit: UnitState, memory: UnitMemory): Promise<Concurrency | null> {
  try {
    return (await readUnitFacts(unit, memory)).concurrency;
  } catch {
    // why they cannot be read is said of the workers
    return null;
  }
}

function toLoad(busy?: Busyness, backlog?: number | { error: string }): Load {
  const load: Load = {};
  const errors: Record<string, string> = {};
  if (busy !== undefined) {
    load.busy_percent = typeof busy === 'number' ? busy : null;
    if (typeof busy === 'object') errors['busy_percent'] = busy.error;
  }
  if (backlog !== undefined) {
    load.backlog = typeof backlog === 'number' ? backlog : null;
    if (typeof backlog === 'object') errors['backlog'] = backlog.error;
  }
  return Object.keys(errors).length > 0 ? { ...load, errors } : load;
}
