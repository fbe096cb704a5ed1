import type { Logger } from 'pino';
import type { Config } from '../../config/schema/schema.ts';
import type { Decision, Policy } from '../../model/types.ts';
import { enterPhase } from '../../host/phase.ts';
import { tellBug, toUserError } from '../../host/fault.ts';
import type { Measurement } from '../../measure/sample.ts';
import type { ServiceReport } from './run-report.ts';
import type { UnitState } from '../../model/unit-state.ts';
import { serveIdle } from './heal.ts';
import { editOf, liveOf, tellLive } from '../shared/live.ts';
import { logIdle, logOutcome } from '../shared/log-events.ts';
import { reportDecision, withOutcome, withPlan } from './report-decision.ts';
import type { World } from './world.ts';

/** What a run knows when it gets to its services. */
export interface Known {
  decision: Decision;
  policies: readonly Policy[];
  units: ReadonlyMap<string, UnitState>;
  measured: Measurement;
}

/** What is needed to handle a service. */
export interface ServeBy {
  config: Config;
  log: Logger;
  world: World;
  getsOn: () => void;
  /** why nothing (more) may begin for this service in this run; null: it may */
  whyNot: () => string | null;
  /** the reports of services whose Celery worker is finishing its tasks, by service */
  begun: Map<string, ServiceReport>;
}

/** Handles one service, from its decision to its row in the report. A fault of the host does not stop the other services. */
export async function serve(known: Known, by: ServeBy): Promise<ServiceReport> {
  const { decision, policies, units, measured } = known;
  const unit = units.get(decision.service);
  const policy = policies.find(({ service }) => service === decision.service);
  const report = reportDecision(decision, policy, unit, measured);
  try {
    return await carryOutDecision(known, { unit, policy, report }, by);
  } catch (error) {
    const message = toUserError(error)?.message ?? tellBug(error);
    return logIdle(by.log, { ...report, action: 'none', to: report.from, error: message });
  }
}

async function carryOutDecision(
  { decision, measured }: Known,
  of: { unit: UnitState | undefined; policy: Policy | undefined; report: ServiceReport },
  by: ServeBy,
): Promise<ServiceReport> {
  const { unit, policy, report } = of;
  const { log, world } = by;
  const why = by.whyNot();
  if (report.action === 'none' || unit === undefined || decision.to === null) {
    if (unit === undefined || policy === undefined) return logIdle(log, report);
    const idle = { decision, policy, unit, measured, report };
    return serveIdle(idle, { ...by, blocked: why !== null });
  }
  if (why !== null) {
    const held: ServiceReport = {
      ...report,
      ...{ action: 'none', to: report.from, hold: 'in_progress' },
      reason: `${report.reason}; not now: ${why}`,
    };
    return logIdle(log, held);
  }
  const { project, to, reasons } = decision;
  enterPhase(`planning the change of ${unit.unit}`);
  // rarely needed, and large
  const { preparePlan } = await import('../shared/prepare-plan.ts');
  const live = liveOf(by.config, unit.unit);
  const edit = editOf(by.config, unit.unit);
  const wanted = {
    project,
    to,
    reasons,
    reason: report.reason,
    live,
    edit,
    mayReload: !world.isDry,
  };
  const plan = await preparePlan(await world.readNow(unit), wanted);
  const outcome = 'how' in plan ? null : await world.apply(plan, by.getsOn);
  if (outcome === null) {
    const planned = withPlan(report, plan);
    if (planned.error !== null) logIdle(log, planned);
    return planned;
  }
  logOutcome(log, outcome);
  tellLive(outcome, by.config, log);
  if (outcome.result === 'draining') by.begun.set(outcome.service, report);
  const served = withOutcome(report, outcome);
  return served.action === 'none' ? logIdle(log, served) : served;
}
