import { applyPlan } from '../../act/apply.ts';
import { readUnit } from '../../kinds/shared/unit.ts';
import type { ServiceReport } from './run-report.ts';
import type { Idle, IdleBy } from './heal.ts';
import { editOf, liveOf } from '../shared/live.ts';
import { logIdle, logOutcome } from '../shared/log-events.ts';
import { preparePlan } from '../shared/prepare-plan.ts';
import { withPlan } from './report-decision.ts';

/** What is wrong with a drop-in of ours that repeats what the unit says no more. */
export const STALE =
  'what our drop-in repeats of the unit has changed there, and has no effect until the drop-in is renewed';

/**
 * Renews our drop-in of a service where what it repeats was edited below it, with the number of workers as it is. The
 * running service is left alone: whoever has edited its unit restarts it.
 */
export async function renewDropIn(
  { decision, unit: seen, report }: Idle,
  to: number,
  { config, log, deps }: IdleBy,
): Promise<ServiceReport> {
  const unit = deps === null ? seen : await readUnit(seen.unit, deps);
  const plan = await preparePlan(unit, {
    ...{ project: decision.project, to, reasons: [], reason: STALE, mayReload: deps !== null },
    ...{ live: liveOf(config, unit.unit), edit: editOf(config, unit.unit) },
  });
  if ('how' in plan) return logIdle(log, withPlan(report, plan));
  // somebody was quicker
  if (plan.action !== 'renew') return logIdle(log, report);
  const reason = `${report.reason}; ${STALE}`;
  const codes = [...report.codes, 'drop_in_stale'];
  const wanted: ServiceReport = { ...report, action: 'renew', from: to, to, codes, reason };
  if (deps === null) return { ...wanted, plan };
  const outcome = await applyPlan(plan, deps);
  logOutcome(log, outcome);
  if (outcome.result !== 'applied') return { ...wanted, error: outcome.sentence };
  return {
    ...wanted,
    applied: true,
    reason: `${report.reason}; ${outcome.note ?? outcome.sentence}`,
  };
}
