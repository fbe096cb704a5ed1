import assert from 'node:assert/strict';
import { carryBrakes } from '../../../src/decide/limits/brake-memory.ts';
import { decide } from '../../../src/decide/decide.ts';
import type { Decision, HistoryEntry, Policy, ServiceSample } from '../../../src/model/types.ts';
import { checkConfig } from '../../../src/config/file/check.ts';
import { toPolicies } from '../../../src/config/policy/policies.ts';
import { propose } from '../../../src/commands/init/proposal/propose.ts';
import { renderConfig } from '../../../src/commands/init/proposal/render.ts';
import type { Candidate } from '../../../src/kinds/shared/proposal.ts';

/** A service that init has found, on a host with memory for all that may be. */
export function found(more: Partial<Candidate>): Candidate {
  return {
    ...{ service: 'shop.service', kind: 'gunicorn', workerClass: 'sync', workers: 2 },
    ...{ workerMb: 50, bind: null, broker: null, guess: null, queues: ['celery'] },
    ...{ showsTasks: true, hasCpu: true, obstacle: null },
    ...more,
  };
}

/** What the config that init writes for it says, as a run understands it. */
export async function proposedPolicy(candidate: Candidate, cores: number): Promise<Policy> {
  const host = { cores, totalMb: 500_000, availableMb: 400_000 };
  const proposals = propose([candidate], host).map((one) => ({ ...one, enabled: true }));
  const { config, warnings } = await checkConfig(
    '/c.json',
    Buffer.from(renderConfig(proposals, host)),
  );
  assert.deepEqual(warnings, []);
  return toPolicies(config)[0]!;
}

/** What is measured at a moment with so many workers. */
export type Measure = (workers: number) => {
  cpuPercent: number;
  service: Partial<ServiceSample>;
};

/** Runs of the timer, one after the other, whose changes are made at once. */
export class Runs {
  workers: number;
  readonly policy: Policy;
  readonly intervalS: number;
  private history: HistoryEntry[] = [];
  private nowS = 0;

  constructor(policy: Policy, workers: number, intervalS = 120) {
    this.policy = policy;
    this.workers = workers;
    this.intervalS = intervalS;
  }

  /** One run; what it decided. */
  run(measure: Measure): Decision {
    const { policy, intervalS, nowS } = this;
    const { cpuPercent, service } = measure(this.workers);
    const at = { at: new Date(nowS * 1000).toISOString(), boot: 'b' };
    const sample = carryBrakes([policy], this.history, {
      ...{ v: 1, kind: 'sample', ...at, uptime_s: nowS, span_s: nowS === 0 ? null : intervalS },
      host: { cpu_percent: cpuPercent, memory_available_mb: 300_000 },
      services: {
        [policy.service]: {
          ...{ workers: this.workers, running: this.workers, active: 'active', memory_mb: 100 },
          ...service,
        },
      },
    });
    this.history.push(sample);
    this.nowS += intervalS;
    const checkIntervalMs = intervalS * 1000;
    const [decision] = decide({ policies: [policy], history: this.history, checkIntervalMs });
    assert.ok(decision);
    const { action, from, to } = decision;
    if (action !== 'none' && from !== null && to !== null) {
      const rest = { service: policy.service, action, from, to, reason: '' };
      this.history.push({
        ...{ v: 1, kind: 'action', ...at, uptime_s: nowS + 1, result: 'applied' },
        ...rest,
      });
      this.workers = to;
    }
    this.history = this.history.slice(-60);
    return decision;
  }
}
