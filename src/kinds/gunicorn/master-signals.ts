import { constants } from 'node:os';
import type { ProcessRef } from '../ports.ts';
import { catches, isThere, send } from '../shared/process.ts';
import type { Withdrawn } from './withdraw.ts';

/** Signals to a master, each right after it was compared with the one that is meant. */
export const masterSignals = {
  signalMaster(target: ProcessRef, controlGroup: string, signal: 'SIGTTIN' | 'SIGTTOU') {
    const isCaught = catches(target.pid, constants.signals[signal]);
    if (!isThere(target, controlGroup)) return 'gone';
    if (!isCaught) return 'deaf';
    return send(target.pid, signal) ? 'sent' : 'gone';
  },
  async withdraw(master: ProcessRef, worker: ProcessRef, controlGroup: string): Promise<Withdrawn> {
    const { withdrawWorker } = await import('./withdraw.ts');
    const isCaught = catches(master.pid, constants.signals.SIGTTOU);
    for (const target of [master, worker]) if (!isThere(target, controlGroup)) return 'gone';
    if (!isCaught) return { why: `its master (process ${master.pid}) does not handle SIGTTOU` };
    return withdrawWorker(master.pid, worker.pid);
  },
} as const;
