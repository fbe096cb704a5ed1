import type { UnitState } from '../model/unit-state.ts';
import type { ActDeps } from './ports.ts';
import { readUnit } from '../kinds/shared/unit.ts';

/** A service that lives longer than this has started; what cannot work (a broker that refuses it) ends sooner. */
const STARTED_MS = 15_000;
/** So often it must have been restarted for a look at it to be worth its time. */
const FEW_RESTARTS = 2;

/**
 * What is to be said of a service that ends again and again; null: it does not, as far as can be seen. One that has been
 * restarted more than once, and that is young, is watched until it is no longer, or has ended once more since `unit` was read.
 */
export async function findCrashing(unit: UnitState, deps: ActDeps): Promise<string | null> {
  const told = deps.target.tellRestarting(unit);
  if (told !== null || unit.activeState !== 'active') return told;
  const { mainPid, mainStartUs, nRestarts } = unit;
  if (mainPid === null || mainStartUs === null || (nRestarts ?? 0) < FEW_RESTARTS) return null;
  for (;;) {
    const now = await readUnit(unit.unit, deps);
    if (now.mainPid !== mainPid || now.mainStartUs !== mainStartUs)
      return deps.target.tellRestarting(now, unit);
    if (deps.monotonicMs() - mainStartUs / 1000 >= STARTED_MS || deps.interruptedMs() !== null)
      return null;
    await deps.sleep(deps.timing.pollMs);
  }
}
