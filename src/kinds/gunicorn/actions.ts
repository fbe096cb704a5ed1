import type { KindActions } from '../actions.ts';
import type { KindDeps, PoolChange, Resized } from '../ports.ts';
import { portOf } from '../shared/port-of.ts';
import { startPatience, untilDone } from '../shared/patience.ts';
import { findLoadFault } from './foresee-load.ts';
import { gunicornPorts } from './ports.ts';
import { findObstacle, resize } from './resize.ts';

/** Workers that were started within this time of one another belong to one (re)load of the service. */
const BURST_MS = 10_000;
/** A worker that was asked to end by a reload has usually ended after this time. */
const RETIRED_MS = 60_000;

/** What is done to a running Gunicorn: by signals to its master, or by a restart. */
export const gunicornActions: KindActions = {
  findObstacle: (tree, unit) => Promise.resolve(findObstacle(tree, unit)),
  resize,
  restart,
  findLoadFault,
  listServing: (pids, deps) => {
    const { hasBooted } = portOf(gunicornPorts, deps);
    return pids.filter((pid) => hasBooted(pid) !== false);
  },
  mayRecycle: (unit, deps) => portOf(gunicornPorts, deps).mayRecycle(unit),
  countSure,
  watchSize: () => ({ of: ({ workerPids }) => Promise.resolve(workerPids.length) }),
  askSize: () => Promise.resolve(null),
  askTaking: () => Promise.resolve(null),
};

async function restart({ service, isUndoing }: PoolChange, deps: KindDeps): Promise<Resized> {
  if (isUndoing) {
    // what failed may have used up the starts that systemd allows in a short time
    deps.step('reset-failed');
    await deps.target.resetFailed(service);
  }
  deps.step('restart');
  const patience = startPatience(isUndoing, deps);
  return untilDone(service, deps.target.restart(service), patience, deps);
}

/**
 * A master that reloads has its old workers finish their requests beside the new ones. So one that is older than the last
 * burst of new workers counts only when that burst is a minute ago.
 */
function countSure(pids: readonly number[], nowMs: number, { processes }: KindDeps): number {
  // Linux shows times to programs in hundredths of a second, on the boot clock
  const births = pids.map((pid) => (processes.startTicks(pid) ?? 0) * 10);
  const youngest = Math.max(...births);
  if (nowMs - youngest >= RETIRED_MS) return pids.length;
  return births.filter((birth) => youngest - birth <= BURST_MS).length;
}
