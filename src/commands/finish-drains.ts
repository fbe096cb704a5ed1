import type { Logger } from 'pino';
import { recover } from '../act/recover.ts';
import type { ActDeps, Outcome } from '../act/types.ts';
import { logOutcome } from './log-events.ts';

/** How long the end of a run waits for Celery's running tasks, for all services together. */
const WAIT_MS = 60_000;

/**
 * Comes back to the services whose Celery still finishes its tasks, once all other ones are served. Those
 * that need longer are left to the next run. Answers the changes that have ended.
 */
export async function finishDrains(
  draining: ReadonlySet<string>,
  deps: ActDeps,
  log: Logger,
): Promise<Outcome[]> {
  if (draining.size === 0) return [];
  const deadlineMs = deps.monotonicMs() + WAIT_MS;
  const patient = {
    ...deps,
    interrupted: () => deps.interrupted() || deps.monotonicMs() > deadlineMs,
    timing: { ...deps.timing, drainMs: WAIT_MS },
  };
  const { outcomes } = await recover(patient, (service) => draining.has(service));
  const ended = outcomes.filter(({ result }) => result !== 'draining');
  for (const outcome of ended) logOutcome(log, outcome);
  return ended;
}
