import type { ServiceReport } from './run-report.ts';
import type { Idle } from './idle.ts';
import type { IdleBy } from './idle.ts';
import { editOf, liveOf } from '../shared/live.ts';
import { logIdle, logOutcome } from '../shared/log-events.ts';
import { preparePlan } from '../shared/prepare-plan.ts';
import { withPlan } from './report-decision.ts';

/** What is wrong with a drop-in of ours that repeats what the unit no longer says. */
export const STALE =
  'what our drop-in repeats from the unit has changed there, and takes effect only when the drop-in is renewed';

/**
 * Renews our drop-in of a service if what it repeats was edited in the unit below it; the number of workers stays as it
 * is. The running service is left alone: whoever edited its unit restarts it.
 */
export async function renewDropIn(
  { decision, unit: seen, report }: Idle,
  to: number,
  { config, log, world, getsOn }: IdleBy,
): Promise<ServiceReport> {
  const unit = await world.readNow(seen);
  const plan = await preparePlan(unit, {
    ...{ project: decision.project, to, reasons: [], reason: STALE, mayReload: !world.isDry },
    ...{ live: liveOf(config, unit.unit), edit: editOf(config, unit.unit) },
  });
  if ('how' in plan) return logIdle(log, withPlan(report, plan));
  // somebody else was quicker
  if (plan.action !== 'renew') return logIdle(log, report);
  const reason = `${report.reason}; ${STALE}`;
  const codes = [...report.codes, 'drop_in_stale'];
  const wanted: ServiceReport = { ...report, action: 'renew', from: to, to, codes, reason };
  const outcome = await world.apply(plan, getsOn);
  if (outcome === null) return { ...wanted, plan };
  logOutcome(log, outcome);
  if (outcome.result !== 'applied') return { ...wanted, error: outcome.sentence };
  return {
    ...wanted,
    applied: true,
    reason: `${report.reason}; ${outcome.note ?? outcome.sentence}`,
  };
}
