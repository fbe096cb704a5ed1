import { measureError, type MeasureErrors } from '../model/measure-error.ts';
import type { KindName, ServiceSample } from '../model/types.ts';
import { enterPhase } from '../host/phase.ts';
import type { NoTree, WorkerTree } from '../kinds/worker-tree.ts';
import type { UnitState } from '../model/unit-state.ts';
import type { Concurrency } from '../kinds/shared/concurrency.ts';
import { countWaiting, type Backlog } from '../host/sockets/backlog.ts';
import type { Busyness, BusyRequest, WatchedServices } from '../kinds/load.ts';
import { kindNamed } from '../kinds/registry.ts';
import { readListenersOnce, type ReadListeners } from '../host/sockets/listeners.ts';
import type { FactsMemory } from '../targets/target.ts';
import { tellNoTree, type WorkerTrees } from './worker-trees.ts';

/** What is wanted of one service. */
export interface LoadRequest {
  unit: UnitState;
  busy: boolean;
  backlog: boolean;
  /** true: nothing is said where its workers take no connections */
  ifMeasured: boolean;
}

/** A service's part of a sample: how busy it is, and what waits for it. Missing: not asked. */
export type Load = Pick<ServiceSample, 'busy_percent' | 'backlog' | 'errors'>;

/** Of one that is down; as of one whose group is empty. */
const NONE: NoTree = { error: 'it has no processes', empty: true };

/** How busy services are, and what waits for them, side by side; by unit. */
export async function measureLoads(
  requests: readonly LoadRequest[],
  trees: WorkerTrees,
  memory: FactsMemory,
): Promise<Map<string, Load>> {
  const loads = new Map<string, Load>();
  const services: { request: LoadRequest; tree: WorkerTree }[] = [];
  for (const request of requests) {
    const { unit, busy, backlog, ifMeasured } = request;
    const tree = trees.get(unit.unit) ?? NONE;
    const kind = 'error' in tree ? null : kindNamed(tree.kind);
    if (!('error' in tree) && kind?.load.busyness) services.push({ request, tree });
    else if (!ifMeasured) {
      const error =
        'error' in tree
          ? tellNoTree(tree)
          : measureError('not_applicable', `it is ${kind?.words.process}, which has no socket`);
      loads.set(unit.unit, toLoad(busy ? error : undefined, backlog ? error : undefined));
    }
  }
  const read = readListenersOnce(services.map(({ tree }) => tree.masterPid));
  const toWatch = new Map<KindName, BusyRequest[]>();
  for (const { request, tree } of services) {
    if (!request.busy) continue;
    const { kind, masterPid, workerPids } = tree;
    enterPhase(`measuring ${request.unit.unit}: reading its files`);
    const concurrency = await tellConcurrency(request.unit, memory);
    const watched = { service: request.unit.unit, masterPid, workerPids, concurrency };
    toWatch.set(kind, [...(toWatch.get(kind) ?? []), watched]);
  }
  const { busyness, idle } = await watchAll(toWatch, read);
  // where all workers wait for a connection, none waits for them
  const toCount = services.filter(({ request }) => request.backlog && !idle.has(request.unit.unit));
  enterPhase('measuring services: counting connections that wait');
  const backlogs = await countWaiting(
    toCount.map(({ tree }) => tree.masterPid),
    read,
  );
  for (const { request, tree } of services) {
    const service = request.unit.unit;
    const backlog = idle.has(service) ? 0 : backlogs.get(tree.masterPid);
    loads.set(service, toLoad(busyness.get(service), request.backlog ? backlog : undefined));
  }
  return loads;
}

/** Each kind watches its own, all at the same time. */
async function watchAll(
  requests: ReadonlyMap<KindName, BusyRequest[]>,
  read: ReadListeners,
): Promise<WatchedServices> {
  const watched = await Promise.all(
    Array.from(requests, async ([kind, ofKind]) => {
      const measure = await kindNamed(kind).load.busyness?.();
      return measure?.(ofKind, read);
    }),
  );
  return {
    busyness: new Map(watched.flatMap((found) => [...(found?.busyness ?? [])])),
    idle: new Set(watched.flatMap((found) => [...(found?.idle ?? [])])),
  };
}

async function tellConcurrency(unit: UnitState, memory: FactsMemory): Promise<Concurrency | null> {
  try {
    return (await memory.readFacts(unit)).concurrency;
  } catch {
    // why they cannot be read is said of the workers
    return null;
  }
}

function toLoad(busy?: Busyness, backlog?: Backlog): Load {
  const load: Load = {};
  const errors: MeasureErrors = {};
  if (busy !== undefined) {
    load.busy_percent = typeof busy === 'number' ? busy : null;
    if (typeof busy === 'object') errors['busy_percent'] = busy;
  }
  if (backlog !== undefined) {
    load.backlog = typeof backlog === 'number' ? backlog : null;
    if (typeof backlog === 'object') errors['backlog'] = backlog;
  }
  return Object.keys(errors).length > 0 ? { ...load, errors } : load;
}
