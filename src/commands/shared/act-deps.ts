import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { ActDeps } from '../../act/ports.ts';
import { processActions } from '../../kinds/shared/process.ts';
import type { Config, Global } from '../../config/schema/schema.ts';
import { readOomKills } from '../../host/group-limits.ts';
import { readBootId } from '../../host/clock.ts';
import { readServed } from '../../measure/served.ts';
import { findWorkerTree } from '../../kinds/worker-tree.ts';
import { TARGET } from '../../targets/registry.ts';
import { bootTimeouts } from '../check/boot-timeout.ts';
import { brokerOf } from './live.ts';
import { declareKinds } from './declare-kinds.ts';
import { openWaits } from './report-waits.ts';
import { openRecord } from '../run/record.ts';

/** How long a change may take: see `Timing`. If a drain lasts longer, the run comes back to it at its end. */
const TIMING = {
  ...{ verifyMs: 30_000, settleMs: 3_000, pollMs: 250, drainMs: 2_000 },
  ...{ livePollMs: 50, stillMs: 1_000, stillLimitMs: 10_000, reactMs: 5_000, leaveMs: 8_000 },
  ...{ slowPollMs: 1_000, hurryMs: 20_000 },
};

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
  return {
    backupDir,
    record: openRecord(stateDir, log),
    announce: (service, sentence) => log?.error({ event: 'drain_timeout', service }, sentence),
    drainTimeoutMs,
    target: {
      ...TARGET,
      readStates: async (names) => declareKinds(await TARGET.readStatesBeside(names), config),
    },
    findWorkerTree,
    bootMs: bootTimeouts(config, TARGET),
    brokerOf: (service) => brokerOf(config, service),
    ports: new Map(),
    readServed,
    processes: processActions,
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
