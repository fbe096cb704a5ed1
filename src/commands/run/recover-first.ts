import type { Logger } from 'pino';
import type { SideBySide } from '../../act/side-by-side.ts';
import type { ActDeps } from '../../act/ports.ts';
import type { Recovering } from '../../act/types.ts';
import { beginRecovery } from '../shared/recover.ts';

/** How long the rest of a run waits for the changes that an earlier run left: one that hangs must not hold up the others. */
const FIRST_MS = 8_000;

/**
 * Changes that an earlier run left are finished or undone first, for some seconds; what takes longer continues alongside
 * the rest of the run, which leaves those services alone.
 */
export async function recoverFirst(
  deps: ActDeps,
  beside: SideBySide,
  log: Logger,
): Promise<Recovering> {
  const recovering = await beginRecovery(deps, beside, log);
  const { recovery, ended } = recovering;
  if (recovery.blocked.length > 0) await Promise.race([ended, deps.sleep(FIRST_MS)]);
  return recovering;
}
