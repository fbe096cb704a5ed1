import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ActDeps } from '../act/types.ts';
import { processActions } from '../act/process.ts';
import * as actions from '../systemd/actions.ts';
import { findWorkerTree } from '../systemd/processes.ts';
import { readUnits } from '../systemd/units.ts';

/** How long a change may take: see `Timing`. A drain that lasts longer is finished by later runs. */
const TIMING = { verifyMs: 30_000, settleMs: 3_000, pollMs: 250, drainMs: 60_000 };

/** The real world for `act`. `interrupted` tells whether we were asked to end soon. */
export function makeActDeps(backupDir: string, interrupted: () => boolean): ActDeps {
  return {
    backupDir,
    systemd: { readUnits, ...actions },
    findWorkerTree,
    processes: processActions,
    bootId: () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    now: () => new Date(),
    monotonicMs: () => performance.now(),
    sleep: async (ms) => {
      await sleep(ms);
    },
    step: () => undefined,
    interrupted,
    timing: TIMING,
  };
}
