import { kindNamed } from '../kinds/registry.ts';
import { readLeaving } from './pool-change.ts';
import { readPool } from '../kinds/shared/pool.ts';
import type { ActDeps } from './ports.ts';
import type { Plan } from './types.ts';

/** A main process younger than this is still on its way up. */
const GROWN_UP_MS = 10_000;
/**
 * Why drift is not healed now: it must be seen in every look of a few seconds, and must not be what a start,
 * a reload or the replacement of a worker looks like. Answers how many workers there are where it may be healed.
 *
 * @throws UserError where the service is on its way up, down or to another process
 */
export async function findHealHold(
  { service, kind, from, to }: Pick<Plan, 'service' | 'kind' | 'from' | 'to'>,
  deps: ActDeps,
): Promise<{ held: string } | { from: number }> {
  const { words, actions } = kindNamed(kind);
  const { countSure, listServing, askSize } = await actions();
  const first = await readPool(service, deps);
  const nowMs = deps.monotonicMs();
  if (nowMs - toMs(first.masterStartTicks) < GROWN_UP_MS) {
    return { held: 'it has just been started' };
  }
  const leaving = await readLeaving(service, deps);
  const since = deps.monotonicMs();
  for (;;) {
    const { workerPids, unit } = await readPool(service, deps, first);
    const staying = workerPids.filter((pid) => !leaving.has(pid));
    const serving = staying.length > to ? listServing(staying, deps) : null;
    const unserved = serving === null ? [] : staying.filter((pid) => !serving.includes(pid));
    const loading =
      unserved.length === 0 ? 0 : countLoading(unserved, await deps.bootMs(unit), deps);
    if (loading > 0) {
      const held = `${loading} of its workers ${loading === 1 ? 'does' : 'do'} not serve yet, and ${words.label} would end those that do`;
      return { held };
    }
    const sure = countSure(staying, nowMs, deps);
    if (staying.length >= to && sure <= to) {
      const held =
        staying.length === to
          ? 'the missing or surplus workers are already on their way'
          : 'some of its workers may be finishing their last requests';
      return { held };
    }
    if (deps.monotonicMs() - since >= deps.timing.settleMs) break;
    await deps.sleep(deps.timing.pollMs);
  }
  const stated = await askSize(service, first.masterPid, deps);
  if (stated === to) return { held: `its pool has ${to}, some of which it is replacing right now` };
  return { from: stated ?? from };
}

/** Of workers that do not serve yet those that have not had the time that they may take. */
function countLoading(pids: readonly number[], limitMs: number, deps: ActDeps): number {
  return pids.filter((pid) => {
    const startMs = toMs(deps.processes.startTicks(pid) ?? Infinity);
    return deps.monotonicMs() - startMs <= limitMs;
  }).length;
}

/** Linux shows times to programs in hundredths of a second, on the boot clock. */
function toMs(ticks: number): number {
  return ticks * 10;
}
