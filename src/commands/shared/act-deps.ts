import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { ActDeps } from '../../act/ports.ts';
import { processActions } from '../../kinds/shared/process.ts';
import type { Config, Global } from '../../config/schema/schema.ts';
import { joinCalls } from '../../host/join-calls.ts';
import { readOomKills } from '../../host/group-limits.ts';
import { readBootId } from '../../host/clock.ts';
import { readServed } from '../../measure/served.ts';
import * as actions from '../../targets/systemd/actions.ts';
import { hasBooted } from '../../kinds/gunicorn/heartbeat.ts';
import { findWorkerTree } from '../../kinds/worker-tree.ts';
import { readPropagation } from '../../targets/systemd/propagation.ts';
import { runSystemctl } from '../../targets/systemd/systemctl.ts';
import { readIdle } from '../../kinds/celery/task-pipe.ts';
import { readUnits } from '../../targets/systemd/units.ts';
import { bootTimeouts } from '../check/boot-timeout.ts';
import { remoteControl } from './live.ts';
import { declareKinds } from './declare-kinds.ts';
import { recyclingServices } from '../../targets/systemd/recycling-services.ts';
import { openWaits } from './report-waits.ts';
import { openRecord } from '../run/record.ts';

/** How long a change may take: see `Timing`. If a drain lasts longer, the run comes back to it at its end. */
const TIMING = {
  ...{ verifyMs: 30_000, settleMs: 3_000, pollMs: 250, drainMs: 2_000 },
  ...{ livePollMs: 50, stillMs: 1_000, stillLimitMs: 10_000, reactMs: 5_000, leaveMs: 8_000 },
  ...{ slowPollMs: 1_000, hurryMs: 20_000 },
};

/** Several changes keep querying their services: they share calls of systemctl, one at a time. */
const askTogether = joinCalls((asked: string[][]) =>
  readUnits([...new Set(asked.flat())], runSystemctl),
);

/** What a command supplies. */
interface Means {
  interruptedMs: ActDeps['interruptedMs'];
  /** null: a dry run */
  log: Logger | null;
  /** default: no limit */
  drainTimeoutMs?: ActDeps['drainTimeoutMs'];
  /** it says which broker a service has, and what the service runs; default: nothing is known */
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
    mayRecycle: recyclingServices(),
    findLoadFault: async (...args) => {
      const { loadFaults } = await import('../../targets/systemd/load-fault.ts');
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
