import type { KindDeps } from '../ports.ts';
import { EXIT, UserError } from '../../errors.ts';
import type { Pool } from '../shared/pool.ts';
import { portOf } from '../shared/port-of.ts';
import { gunicornPorts } from './ports.ts';

/**
 * Right before each signal the process is compared once more with the one that was recognised.
 *
 * @throws UserError where it is gone, or would be stopped by the signal
 */
export function signalMaster(pool: Pool, name: 'SIGTTIN' | 'SIGTTOU', deps: KindDeps): void {
  const master = { pid: pool.masterPid, startTicks: pool.masterStartTicks };
  deps.step(`signal ${name}`);
  const answer = portOf(gunicornPorts, deps).signalMaster(master, pool.controlGroup, name);
  if (answer === 'sent') return;
  const why =
    answer === 'gone' ? 'is gone' : `does not handle ${name} (yet), and would be stopped by it`;
  throw new UserError(EXIT.failed, `its master (process ${master.pid}) ${why}`);
}
