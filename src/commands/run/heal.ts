import { withNote, type Idle, type IdleBy } from './idle.ts';
import { explainReason } from '../../decide/explain.ts';
import { decideHeal, findDrift } from '../../decide/heal.ts';
import type { ServiceReport } from './run-report.ts';
import { logIdle } from '../shared/log-events.ts';

/**
 * Handles a service whose number is not to be changed. If the number of running workers differs from the declared one,
 * they are brought to the declared number if that needs no restart; otherwise the drift is only reported. Before that,
 * our drop-in is renewed if what it repeats of the unit was edited.
 */
export async function serveIdle(idle: Idle, by: IdleBy): Promise<ServiceReport> {
  const { decision, policy, measured, report } = idle;
  const location = measured.located.get(report.service);
  if (location?.how === 'known' && location.stale) {
    const mayRenew = !by.blocked && !['paused', 'failed_change'].includes(decision.hold ?? '');
    // rarely needed, and large
    const { renewDropIn, STALE } = await import('./renew.ts');
    return mayRenew
      ? renewDropIn(idle, location.workers, by)
      : logIdle(by.log, withNote(report, STALE));
  }
  const drift = findDrift(report.service, measured.sample);
  const told = drift === null ? report : withNote(report, explainReason(drift));
  const heal = by.blocked ? null : decideHeal(decision, policy, measured.sample);
  if (heal === null) return logIdle(by.log, told);
  // rarely needed, and large
  const { healDrift } = await import('./heal-drift.ts');
  return healDrift({ ...idle, heal, told }, by);
}
