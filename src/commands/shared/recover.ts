import type { Logger } from 'pino';
import { startRecovery } from '../../act/journal/recover.ts';
import type { ActDeps } from '../../act/ports.ts';
import type { SideBySide } from '../../act/side-by-side.ts';
import type { Recovering } from '../../act/types.ts';
import { logOutcome } from './log-events.ts';

/** Begins the recovery of what an earlier run left (see `startRecovery`), and logs each change and what stands in its way. */
export async function beginRecovery(
  deps: ActDeps,
  beside: SideBySide,
  log: Logger,
  depsOf?: (service: string) => ActDeps,
): Promise<Recovering> {
  const recovering = await startRecovery(
    deps,
    beside,
    (outcome) => logOutcome(log, outcome, 'recovered'),
    depsOf,
  );
  for (const fault of recovering.recovery.faults) log.error({ event: 'recovered' }, fault);
  return recovering;
}
