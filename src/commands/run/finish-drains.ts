import type { Logger } from 'pino';
import { findRelated } from '../../act/related.ts';
import type { SideBySide } from '../../act/side-by-side.ts';
import type { ActDeps } from '../../act/ports.ts';
import type { Outcome } from '../../act/types.ts';
import { kindNamed } from '../../kinds/registry.ts';
import { isHeldUp, tellTasks } from '../../kinds/shared/draining.ts';
import { enterPhase } from '../../host/phase.ts';
import { logOutcome } from '../shared/log-events.ts';

/**
 * Comes back to the services whose Celery worker is still finishing its tasks. It waits for all of them at once, and each
 * takes a place among the other changes only when its tasks are done. Those that need longer than `untilMs` (on the clock
 * of `monotonicMs`) are left to the next run. Returns the changes that have ended.
 */
export async function finishDrains(
  draining: ReadonlySet<string>,
  untilMs: number,
  { deps, beside, log }: { deps: ActDeps; beside: SideBySide; log: Logger },
): Promise<Outcome[]> {
  if (draining.size === 0) return [];
  const { findOpen, recoverChange } = await import('../../act/journal/recovery.ts');
  const { toPoolChange } = await import('../../act/pool-change.ts');
  const isOver = (): boolean => deps.interruptedMs() !== null || deps.monotonicMs() > untilMs;
  const timing = { ...deps.timing, drainMs: Math.max(0, untilMs - deps.monotonicMs()) };
  const changes = await findOpen(draining, deps);
  const related = await findRelated([...draining], deps);
  const ended = changes.map(async (change): Promise<Outcome[]> => {
    const { service: unit, drain, kind } = change.manifest;
    const pool = toPoolChange(change, deps);
    const { label } = kindNamed(kind).words;
    const report = drain === null ? () => undefined : tellTasks(pool, drain, label, deps);
    while (isHeldUp(pool, deps)) {
      if (isOver()) return [];
      report();
      // each look is a phase of its own: tasks may take longer than the watchdog allows for one phase
      enterPhase(`waiting for running tasks of ${label}`);
      await deps.sleep(deps.timing.pollMs);
    }
    const outcome = await beside.add({
      ...{ unit, ...related(unit) },
      work: (getsOn) => recoverChange(change, { ...deps, timing, getsOn }),
    });
    if (outcome.result === 'draining') return [];
    logOutcome(log, outcome);
    return [outcome];
  });
  return (await Promise.all(ended)).flat();
}
