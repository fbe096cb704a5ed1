import type { UnitState } from '../../model/unit-state.ts';
import type { KindPort, ProcessRef, WorkerTree } from '../ports.ts';
import { hasBooted } from './heartbeat.ts';
import { rememberRecycling } from './may-recycle.ts';
import { masterSignals } from './master-signals.ts';
import type { Withdrawn } from './withdraw.ts';

/** What is asked of, and done to, a Gunicorn master and its workers. */
export interface GunicornPorts {
  /** whether a worker has loaded its application and serves; null: unknown */
  hasBooted: (pid: number) => boolean | null;
  /** whether workers may end by themselves and be replaced (`max_requests`), as far as it is known */
  mayRecycle: (unit: UnitState) => Promise<boolean>;
  /** why new workers would not load the application, as far as that is known beforehand; null: no reason is known */
  findLoadFault: (
    unit: UnitState,
    tree: WorkerTree,
    resize: 'live' | 'restart',
  ) => Promise<string | null>;
  /**
   * Asks a master for one worker more (SIGTTIN) or less (SIGTTOU), if it is in this control group. `deaf`: it has no handler
   * for the signal, which would therefore stop the process and was not sent
   */
  signalMaster: (
    process: ProcessRef,
    controlGroup: string,
    signal: 'SIGTTIN' | 'SIGTTOU',
  ) => 'sent' | 'gone' | 'deaf';
  /** asks a master for one worker less, so that this one, which never served, is the one to go: see withdraw.ts */
  withdraw: (master: ProcessRef, worker: ProcessRef, controlGroup: string) => Promise<Withdrawn>;
}

export const gunicornPorts: KindPort<GunicornPorts> = {
  open: (deps) => ({
    hasBooted,
    mayRecycle: rememberRecycling(deps.target),
    findLoadFault: async (...of) => (await import('./load-fault.ts')).findLoadFault(...of, deps),
    ...masterSignals,
  }),
};
