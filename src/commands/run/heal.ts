import { withNote, type Idle, type IdleBy } from './idle.ts';
import { explainReason } from '../../decide/explain.ts';
import { decideHeal, findDrift } from '../../decide/heal.ts';
import type { ServiceReport } from './run-report.ts';
import { logIdle } from '../shared/log-events.ts';

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
