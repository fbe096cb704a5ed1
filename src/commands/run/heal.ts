import type { Logger } from 'pino';
import type { Config } from '../../config/schema/schema.ts';
import { explainReason } from '../../decide/explain.ts';
import { decideHeal, findDrift } from '../../decide/heal.ts';
import type { Decision, Policy } from '../../model/types.ts';
import type { Measurement } from '../../measure/sample.ts';
import type { ServiceReport } from './run-report.ts';
import type { UnitState } from '../../model/unit-state.ts';
import { logIdle } from '../shared/log-events.ts';
import type { World } from './world.ts';

/** What is known of a service of which nothing else is to be changed. */
export interface Idle {
  decision: Decision;
  policy: Policy;
  unit: UnitState;
  measured: Measurement;
  report: ServiceReport;
}

/** By what it is served. */
export interface IdleBy {
  config: Config;
  log: Logger;
  world: World;
  getsOn: () => void;
  /** nothing is begun any more for it in this run */
  blocked: boolean;
}

/**
 * A service of which nothing is to be changed: where other workers run than its unit declares, the running
 * ones are brought to that number, if that can be done without a restart; otherwise it is only told. Before that, our
 * drop-in follows an edit of what it repeats.
 */
export async function serveIdle(idle: Idle, by: IdleBy): Promise<ServiceReport> {
  const { decision, policy, measured, report } = idle;
  const location = measured.located.get(report.service);
  if (location?.how === 'drop_in' && location.stale) {
    const mayRenew = !by.blocked && !['paused', 'failed_change'].includes(decision.hold ?? '');
    // seldom needed, and not small
    const { renewDropIn, STALE } = await import('./renew.ts');
    return mayRenew
      ? renewDropIn(idle, location.workers, by)
      : logIdle(by.log, withNote(report, STALE));
  }
  const drift = findDrift(report.service, measured.sample);
  const told = drift === null ? report : withNote(report, explainReason(drift));
  const heal = by.blocked ? null : decideHeal(decision, policy, measured.sample);
  if (heal === null) return logIdle(by.log, told);
  // seldom needed, and not small
  const { healDrift } = await import('./heal-drift.ts');
  return healDrift({ ...idle, heal, told }, by);
}

/** The report with one more thing said in its reason. */
export function withNote(report: ServiceReport, note: string): ServiceReport {
  return { ...report, reason: `${report.reason}; ${note}` };
}
