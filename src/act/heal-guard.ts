import { readLeaving } from './live-gunicorn.ts';
import { askPoolSize } from './pool-size.ts';
import { readPool } from './pool.ts';
import type { UnitState } from '../model/unit-state.ts';
import type { ActDeps } from './ports.ts';
import type { Plan } from './types.ts';

/** A main process younger than this is still on its way up. */
const GROWN_UP_MS = 10_000;
/** Workers that were started within this time of one another belong to one (re)load of the service. */
const BURST_MS = 10_000;
/** A worker that was asked to end by a reload has usually ended after this time. */
const RETIRED_MS = 60_000;

/**
 * Why drift is not healed now: it must be seen in every look of a few seconds, and must not be what a start,
 * a reload or the replacement of a worker looks like. Answers how many workers there are where it may be healed.
 *
 * A Gunicorn master that reloads has its old workers finish their requests beside the new ones. So one that
 * is older than the last burst of new workers counts for "too many" only when that burst is a minute ago.
 *
 * @throws UserError where the service is on its way up, down or to another process
 */
export async function findHealHold(
  { service, kind, from, to }: Pick<Plan, 'service' | 'kind' | 'from' | 'to'>,
  deps: ActDeps,
): Promise<{ held: string } | { from: number }> {
  const first = await readPool(service, deps);
  const nowMs = deps.monotonicMs();
  if (nowMs - toMs(first.masterStartTicks) < GROWN_UP_MS) {
    return { held: 'it has just been started' };
  }
  const leaving = kind === 'gunicorn' ? await readLeaving(service, deps) : new Map();
  const since = deps.monotonicMs();
  for (;;) {
    const { workerPids, unit } = await readPool(service, deps, first);
    const staying = workerPids.filter((pid) => !leaving.has(pid));
    const loading =
      kind === 'gunicorn' && staying.length > to ? await countLoading(staying, unit, deps) : 0;
    if (loading > 0) {
      const held = `${loading} of its workers ${loading === 1 ? 'does' : 'do'} not serve yet, and Gunicorn would end those that do`;
      return { held };
    }
    const sure = kind === 'gunicorn' ? countSure(staying, nowMs, deps) : staying.length;
    if (staying.length >= to && sure <= to) {
      const held =
        staying.length === to
          ? 'all that is missing or left over is on its way'
          : 'some of its workers may be finishing their last requests';
      return { held };
    }
    if (deps.monotonicMs() - since >= deps.timing.settleMs) break;
    await deps.sleep(deps.timing.pollMs);
  }
  const said = kind === 'celery' ? await askPoolSize(service, first.masterPid, deps) : null;
  if (said === to) return { held: `its pool has ${to}, some of which it replaces at this moment` };
  return { from: said ?? from };
}

/** Workers that do not serve yet, and have not had the time that they may take. */
async function countLoading(
  pids: readonly number[],
  unit: UnitState,
  deps: ActDeps,
): Promise<number> {
  const limitMs = await deps.bootMs(unit);
  return pids.filter((pid) => {
    const startMs = toMs(deps.processes.startTicks(pid) ?? Infinity);
    return deps.hasBooted(pid) === false && deps.monotonicMs() - startMs <= limitMs;
  }).length;
}

/** Workers of which it is sure that nobody has asked them to end. */
function countSure(pids: readonly number[], nowMs: number, deps: ActDeps): number {
  const births = pids.map((pid) => toMs(deps.processes.startTicks(pid) ?? 0));
  const youngest = Math.max(...births);
  if (nowMs - youngest >= RETIRED_MS) return pids.length;
  return births.filter((birth) => youngest - birth <= BURST_MS).length;
}

/** Linux shows times to programs in hundredths of a second, on the boot clock. */
function toMs(ticks: number): number {
  return ticks * 10;
}
