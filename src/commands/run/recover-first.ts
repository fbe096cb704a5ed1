import type { Logger } from 'pino';
import { startRecovery } from '../../act/journal/recover.ts';
import type { SideBySide } from '../../act/side-by-side.ts';
import type { ActDeps } from '../../act/ports.ts';
import type { Recovery } from '../../act/types.ts';
import { logOutcome } from '../shared/log-events.ts';

/** How long the rest of a run waits for what an earlier run has left: one that hangs must not hold up the others. */
const FIRST_MS = 8_000;

/** The recovery of what a run before has left. */
interface Recovering {
  /** as it is now: it may still go on */
  recovery: Recovery;
  /** resolves when it is through */
  ended: Promise<void>;
}

/**
 * What a run before has left is finished or undone first, for some seconds; what takes longer goes on beside the rest of
 * the run, which leaves those services alone.
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
