import type { Logger } from 'pino';
import { planHeal } from '../act/plan.ts';
import { readUnit } from '../act/unit.ts';
import type { ActDeps, Outcome, Plan } from '../act/types.ts';
import type { Config } from '../config/schema.ts';
import { explainReason } from '../decide/explain.ts';
import { decideHeal, findDrift } from '../decide/heal.ts';
import type { Decision, Policy } from '../decide/types.ts';
import type { Measurement } from '../measure/sample.ts';
import { readUnitSources } from '../measure/unit-sources.ts';
import type { ServiceReport } from '../output/run-report.ts';
import type { UnitState } from '../systemd/types.ts';
import { readCommandFacts } from '../unit-file/workers.ts';
import { liveOf, tellObstacle } from './live.ts';
import { logIdle, logOutcome } from './log-events.ts';

/** What is known of a service of which nothing else is to be changed. */
export interface Idle {
  decision: Decision;
  policy: Policy;
  unit: UnitState;
  measured: Measurement;
  report: ServiceReport;
}

/** `deps` null: a dry run. */
export interface IdleBy {
  config: Config;
  log: Logger;
  deps: ActDeps | null;
  /** nothing is begun any more for it in this run */
  blocked: boolean;
}

/**
 * A service of which nothing is to be changed: where other workers run than its unit declares, the running
 * ones are brought to that number, if that can be done without a restart; otherwise it is only told.
 */
export async function serveIdle(idle: Idle, by: IdleBy): Promise<ServiceReport> {
  const { measured, report } = idle;
  const drift = findDrift(report.service, measured.sample);
  const told = drift === null ? report : withNote(report, explainReason(drift));
  const plan = by.blocked ? null : planIdle(idle, by.config);
  if (plan?.resize !== 'live') {
    logIdle(by.log, told);
    return told;
  }
  const wanted: ServiceReport = {
    ...report,
    ...{ action: 'heal', from: plan.from, to: plan.to, codes: [...report.codes, 'drift'] },
    reason: `${plan.reason} → brought to ${plan.to}`,
  };
  if (by.deps === null) return { ...wanted, plan };
  const { applyPlan } = await import('../act/apply.ts');
  const outcome = await applyPlan(plan, by.deps);
  tellObstacle(
    { stateDir: by.config.global.state_dir, log: by.log },
    { ...outcome, obstacle: outcome.obstacle ?? null, instead: 'drift is not healed' },
  );
  return withHeal(told, wanted, outcome, by.log);
}

function planIdle({ decision, policy, unit, measured }: Idle, config: Config): Plan | null {
  const location = measured.located.get(unit.unit);
  const heal = decideHeal(decision, policy, measured.sample);
  const live = liveOf(config, unit.unit);
  if (heal === null || live.apply === 'restart') return null;
  if (location === undefined || location.how === 'refused') return null;
  const pool = readCommandFacts(readUnitSources(unit))?.pool ?? null;
  const { from, to, reason } = heal;
  return planHeal({
    ...{ service: unit.unit, project: decision.project, kind: location.kind, from, to },
    ...{ reasons: [reason], reason: explainReason(reason), live: { ...live, pool } },
  });
}

/**
 * What is left to do where a unit says already what is asked for by hand: other workers may run. null: as many
 * run, or they cannot be changed while they run.
 */
export async function planHealNow(
  { service, project, kind, to, reason }: Plan,
  config: Config,
  deps: ActDeps,
): Promise<Plan | null> {
  const unit = await readUnit(service, deps);
  const tree = await deps.findWorkerTree(unit);
  if (unit.activeState !== 'active' || 'error' in tree) return null;
  const from = tree.workerPids.length;
  const live = liveOf(config, service);
  const pool = readCommandFacts(readUnitSources(unit))?.pool ?? null;
  const plan = planHeal({
    ...{ service, project, kind, from, to, reasons: [], reason },
    live: { ...live, pool },
  });
  return from === to || plan.resize !== 'live' ? null : plan;
}

function withHeal(
  told: ServiceReport,
  wanted: ServiceReport,
  outcome: Outcome,
  log: Logger,
): ServiceReport {
  const { result, held, obstacle, running, sentence } = outcome;
  if (held !== undefined || obstacle !== undefined || isWithoutEffect(outcome)) {
    const why = held ?? (obstacle === undefined ? sentence : 'it cannot be changed while it runs');
    const idle = withNote(told, `not healed now: ${why}`);
    logIdle(log, idle);
    return idle;
  }
  logOutcome(log, outcome);
  if (result === 'applied') return { ...wanted, applied: true, running: running ?? wanted.running };
  return { ...wanted, error: sentence };
}

/** All are busy, so that nothing has changed. */
function isWithoutEffect({ result, running, from }: Outcome): boolean {
  return result === 'applied' && running === from;
}

function withNote(report: ServiceReport, note: string): ServiceReport {
  return { ...report, reason: `${report.reason}; ${note}` };
}
