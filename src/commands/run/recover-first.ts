import type { Logger } from 'pino';
import { startRecovery } from '../../act/journal/recover.ts';
import type { SideBySide } from '../../act/side-by-side.ts';
import type { ActDeps } from '../../act/ports.ts';
import type { Recovery } from '../../act/types.ts';
import { logOutcome } from '../shared/log-events.ts';

/** How long the rest of a run waits for the changes that an earlier run left: one that hangs must not hold up the others. */
const FIRST_MS = 8_000;

/** The recovery of the changes that an earlier run left. */
interface Recovering {
  /** its present state: it may still be going on */
  recovery: Recovery;
  /** resolves when it has finished */
  ended: Promise<void>;
}

/**
 * Changes that an earlier run left are finished or undone first, for some seconds; what takes longer continues alongside
 * the rest of the run, which leaves those services alone.
 */
export async function recoverFirst(
  deps: ActDeps,
  beside: SideBySide,
  log: Logger,
): Promise<Recovering> {
  const recovering = await startRecovery(deps, beside, (outcome) =>
    logOutcome(log, outcome, 'recovered'),
  );
  const { recovery, ended } = recovering;
  for (const fault of recovery.faults) log.error({ event: 'recovered' }, fault);
  if (recovery.blocked.length > 0) await Promise.race([ended, deps.sleep(FIRST_MS)]);
  return recovering;
}
