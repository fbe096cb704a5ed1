import type { Logger } from 'pino';
import { planHeal } from '../../act/plan.ts';
import { kindNamed } from '../../kinds/registry.ts';
import { readUnit } from '../../kinds/shared/unit.ts';
import type { ActDeps } from '../../act/ports.ts';
import type { Outcome, Plan } from '../../act/types.ts';
import type { Config } from '../../config/schema/schema.ts';
import { explainReason } from '../../decide/explain.ts';
import type { decideHeal } from '../../decide/heal.ts';
import type { ServiceReport } from './run-report.ts';
import { TARGET } from '../../targets/registry.ts';
import type { Idle } from './idle.ts';
import type { IdleBy } from './idle.ts';
import { withNote } from './idle.ts';
import { liveOf, tellObstacle } from '../shared/live.ts';
import { logIdle, logOutcome } from '../shared/log-events.ts';

/** A service that drifts, and the number to bring it to; `told` is its report with the drift mentioned. */
interface Drifting extends Idle {
  heal: NonNullable<ReturnType<typeof decideHeal>>;
  told: ServiceReport;
}

/** Brings the running workers to the declared number if that needs no restart. */
export async function healDrift(drifting: Drifting, by: IdleBy): Promise<ServiceReport> {
  const { report, told } = drifting;
  const plan = await planDrifting(drifting, by.config);
  if (plan?.resize !== 'live') return logIdle(by.log, told);
  const wanted: ServiceReport = {
    ...report,
    ...{ action: 'heal', from: plan.from, to: plan.to, codes: [...report.codes, 'drift'] },
    reason: `${plan.reason} → brought to ${plan.to}`,
  };
  const outcome = await by.world.apply(plan, by.getsOn);
  if (outcome === null) return { ...wanted, plan };
  tellObstacle(
    { stateDir: by.config.global.state_dir, log: by.log },
    { ...outcome, obstacle: outcome.obstacle ?? null, instead: 'drift is not healed' },
  );
  return withHeal(told, wanted, outcome, by.log);
}

async function planDrifting(
  { decision, unit, measured, heal }: Drifting,
  config: Config,
): Promise<Plan | null> {
  const location = measured.located.get(unit.unit);
  const live = liveOf(config, unit.unit);
  if (live.apply === 'restart') return null;
  if (location === undefined || location.how === 'refused') return null;
  const pool = (await TARGET.locate(unit)).command()?.pool ?? null;
  const { from, to, reason } = heal;
  return planHeal({
    ...{ service: unit.unit, project: decision.project, kind: location.kind, from, to },
    ...{ reasons: [reason], reason: explainReason(reason), live: { ...live, pool } },
  });
}

/**
 * What is left to do if a unit already declares the number that is requested by hand: a different number of workers may
 * be running. null: that many run, or they cannot be changed while they run.
 */
export async function planHealNow(
  { service, project, kind, to, reason }: Plan,
  config: Config,
  deps: ActDeps,
): Promise<Plan | null> {
  const unit = await readUnit(service, deps);
  const tree = await deps.findWorkerTree(unit);
  if (unit.activeState !== 'active' || 'error' in tree) return null;
  const { askSize } = await kindNamed(kind).actions();
  const said = await askSize(service, tree.masterPid, deps);
  const from = said ?? tree.workerPids.length;
  const live = liveOf(config, service);
  const pool = (await TARGET.locate(unit)).command()?.pool ?? null;
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

/** All workers are busy, so nothing has changed. */
function isWithoutEffect({ result, running, from }: Outcome): boolean {
  return result === 'applied' && running === from;
}
