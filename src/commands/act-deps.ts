import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { ActDeps } from '../act/ports.ts';
import { processActions } from '../act/process.ts';
import type { Config, Global } from '../config/schema.ts';
import { joinCalls } from '../join-calls.ts';
import { readOomKills } from '../measure/group-limits.ts';
import { readBootId } from '../measure/boot-clock.ts';
import { readServed } from '../measure/served.ts';
import * as actions from '../systemd/actions.ts';
import { hasBooted } from '../systemd/heartbeat.ts';
import { findWorkerTree } from '../systemd/processes.ts';
import { readPropagation } from '../systemd/propagation.ts';
import { runSystemctl } from '../systemd/systemctl.ts';
import { readIdle } from '../systemd/task-pipe.ts';
import { readUnits } from '../systemd/units.ts';
import { bootTimeouts } from './boot-timeout.ts';
import { remoteControl } from './live.ts';
import { declareKinds } from './declare-kinds.ts';
import { openWaits } from './tell-wait.ts';
import { openRecord } from './record.ts';

/** How long a change may take: see `Timing`. To a drain that lasts longer a run comes back at its end. */
const TIMING = {
  ...{ verifyMs: 30_000, settleMs: 3_000, pollMs: 250, drainMs: 2_000 },
  ...{ livePollMs: 50, stillMs: 1_000, stillLimitMs: 10_000, reactMs: 5_000, leaveMs: 8_000 },
  ...{ slowPollMs: 1_000, hurryMs: 20_000 },
};

/** Several changes look at their services again and again: one call of systemctl at a time answers all of them. */
const askTogether = joinCalls((asked: string[][]) =>
  readUnits([...new Set(asked.flat())], runSystemctl),
);

/** What a command gives to it. */
interface Means {
  interruptedMs: ActDeps['interruptedMs'];
  /** null: a dry run */
  log: Logger | null;
  /** default: no limit */
  drainTimeoutMs?: ActDeps['drainTimeoutMs'];
  /** says which broker a service has, and what it runs; default: nothing is known */
  config?: Config | null;
}

/** The real world for `act`. */
export function makeActDeps(
  { state_dir: stateDir, backup_dir: backupDir }: Pick<Global, 'state_dir' | 'backup_dir'>,
  { interruptedMs, log, drainTimeoutMs = () => Infinity, config = null }: Means,
): ActDeps {
  const bootMs = bootTimeouts(config);
  return {
    backupDir,
    record: openRecord(stateDir, log),
    announce: (service, sentence) => log?.error({ event: 'drain_timeout', service }, sentence),
    drainTimeoutMs,
    systemd: {
      readUnits: async (names) => declareKinds(await askTogether(names), config),
      ...{ readPropagation, ...actions },
    },
    findWorkerTree,
    bootMs,
    findLoadFault: async (...args) => {
      const { loadFaults } = await import('./load-fault.ts');
      return loadFaults(bootMs)(...args);
    },
    readServed,
    hasBooted,
    readIdle,
    processes: processActions,
    control: remoteControl(config),
    bootId: readBootId,
    now: () => new Date(),
    monotonicMs: () => Number(process.hrtime.bigint() / 1_000_000n),
    sleep: async (ms) => {
      await sleep(ms);
    },
    step: () => undefined,
    interruptedMs,
    getsOn: () => undefined,
    readOomKills,
    waitsFor: log === null ? () => undefined : openWaits(log),
    mayLeave: () => false,
    timing: TIMING,
  };
}
