import type { KindDeps, WorkerTree } from '../ports.ts';
import { EXIT, UserError } from '../../errors.ts';
import type { UnitState } from '../../model/unit-state.ts';
import { readUnit } from './unit.ts';

/** A running pool: whose it is and where it belongs. */
export interface Pool extends WorkerTree {
  controlGroup: string;
  unit: UnitState;
}

/**
 * The pool of a service that is active, as its processes show it now; `same`: one that was seen before, and
 * whose main process it must still have.
 *
 * @throws UserError where the service is on its way up, down or to another process: then it is not touched
 */
export async function readPool(service: string, deps: KindDeps, same?: Pool): Promise<Pool> {
  const unit = await readUnit(service, deps);
  if (unit.activeState !== 'active' || unit.controlGroup === null) {
    throw new UserError(EXIT.failed, `the service is ${unit.activeState} (${unit.subState})`);
  }
  const tree = await deps.findWorkerTree(unit);
  if ('error' in tree) throw new UserError(EXIT.failed, tree.error);
  const { masterPid, masterStartTicks } = tree;
  if (
    same !== undefined &&
    (same.masterPid !== masterPid || same.masterStartTicks !== masterStartTicks)
  ) {
    throw new UserError(EXIT.failed, 'somebody restarted it in the meantime');
  }
  return { ...tree, controlGroup: unit.controlGroup, unit };
}

/**
 * The pool at the look with the most workers within `stillMs`: where workers end by themselves and are replaced
 * (`mayRecycle` of the kind), one look may miss some, and the number may never stand still.
 */
export async function readFullestPool(service: string, deps: KindDeps, same?: Pool): Promise<Pool> {
  const { stillMs, livePollMs } = deps.timing;
  const endMs = deps.monotonicMs() + stillMs;
  let fullest = await readPool(service, deps, same);
  while (deps.monotonicMs() < endMs) {
    await deps.sleep(livePollMs);
    const now = await readPool(service, deps, same);
    if (now.workerPids.length >= fullest.workerPids.length) fullest = now;
  }
  return fullest;
}

/** Calls `read` until `isGood` says so or the time is over; answers what it read last. */
export async function watch<T>(
  read: () => Promise<T>,
  isGood: (value: T) => boolean,
  limitMs: number,
  deps: KindDeps,
): Promise<T> {
  const start = deps.monotonicMs();
  let value = await read();
  while (!isGood(value) && deps.monotonicMs() - start < limitMs) {
    await deps.sleep(deps.timing.livePollMs);
    value = await read();
  }
  return value;
}

/**
 * The pool once the number of its workers has stood still for `stillMs` (by default that of the timing), so that one that was just killed
 * and is being replaced is not taken for missing; after `limitMs` as it is then.
 */
export async function readStillPool(
  service: string,
  deps: KindDeps,
  same?: Pool,
  stillMs = deps.timing.stillMs,
): Promise<Pool> {
  const { stillLimitMs } = deps.timing;
  let since = deps.monotonicMs();
  let before: number | null = null;
  return watch(
    () => readPool(service, deps, same),
    ({ workerPids: { length } }) => {
      if (length !== before) since = deps.monotonicMs();
      before = length;
      return deps.monotonicMs() - since >= stillMs;
    },
    stillLimitMs,
    deps,
  );
}
