import type { Logger } from 'pino';
import { recover } from '../act/recover.ts';
import type { ActDeps } from '../act/types.ts';
import type { GlobalOptions } from './global-options.ts';
import { drainTimeouts } from '../config/drain-timeout.ts';
import { loadConfig } from '../config/load.ts';
import { readPoliciesAt } from '../config/policies-at.ts';
import { findConfigPath } from '../config/read.ts';
import type { Config } from '../config/schema.ts';
import { carryBrakes } from '../decide/brake-memory.ts';
import { decide } from '../decide/decide.ts';
import { noteHolds } from '../decide/holds.ts';
import { mayGrow } from '../decide/may-grow.ts';
import type { Decision, Policy } from '../decide/types.ts';
import { historyNeededMs } from '../decide/window.ts';
import { takeSample, type Measurement } from '../measure/sample.ts';
import type { RunReport, ServiceReport } from '../output/run-report.ts';
import { appendEntries, readRecent } from '../state/history.ts';
import type { UnitState } from '../systemd/types.ts';
import { makeActDeps } from './act-deps.ts';
import { withControls } from './controls.ts';
import { tellEvents } from './events.ts';
import { finishDrains } from './finish-drains.ts';
import { serveIdle } from './heal.ts';
import { holdLock } from './hold-lock.ts';
import { liveOf, recommendLive, tellLive } from './live.ts';
import { logIdle, loggingFailure, logOutcome, logWarnings, openCommandLog } from './log-events.ts';
import { printRun } from './print-run.ts';
import {
  reportDecision,
  reportDisabled,
  reportTwin,
  withOutcome,
  withPlan,
} from './report-decision.ts';
import { watchSignals } from './signals.ts';
import { tellLacks } from './tell-lacks.ts';
import { readServices, type TrueNames } from './true-names.ts';
import { keepUnits, recallUnits } from './unit-memory.ts';

export interface RunOptions extends GlobalOptions {
  dryRun?: boolean;
  json?: boolean;
}

/**
 * One cycle: measure, decide, plan, act, record. A dry run reads the same and stops after plan. A
 * service that cannot be measured or changed stops no other one; it makes the exit code 1.
 */
export async function runCommand(options: RunOptions): Promise<number> {
  const { config, warnings } = await loadConfig(findConfigPath(options.config));
  const dryRun = options.dryRun === true;
  const log = await openCommandLog(options, dryRun ? null : (config.global.log_file ?? null));
  logWarnings(log, warnings);
  return loggingFailure(log, async () => {
    const report = dryRun
      ? await runCycle(await readServices(config), log, null)
      : await runLocked(config, log);
    return typeof report === 'number' ? report : printRun(report, options);
  });
}

/** A cycle that may change things; a number is the exit code of a run that was asked to end. */
async function runLocked(written: Config, log: Logger): Promise<RunReport | number> {
  const lock = await holdLock(written.global.state_dir);
  const signals = watchSignals();
  try {
    const named = await readServices(written);
    const { config } = named;
    const deps = makeActDeps(config.global, {
      ...{ interrupted: signals.interrupted, log, drainTimeoutMs: drainTimeouts(config), config },
    });
    const report = await runCycle(named, log, deps);
    return signals.exitCode() ?? report;
  } finally {
    signals.release();
    lock.release();
    await tellEvents(log, written.global);
  }
}

/** `deps` null: a dry run, which writes nothing anywhere. */
async function runCycle(named: TrueNames, log: Logger, deps: ActDeps | null): Promise<RunReport> {
  const { config, twins } = named;
  const { state_dir: stateDir, check_interval_seconds: intervalS } = config.global;
  const recovered = deps === null ? null : await recoverFirst(deps, log);

  const policies = withControls((await readPoliciesAt(config))(new Date()), stateDir);
  const { units } = recovered?.hasChanged === true ? await readServices(config) : named;
  const { entries, warnings } = readRecent(stateDir, historyNeededMs(policies, intervalS * 1000));
  for (const warning of warnings) log.warn({ event: 'history' }, warning);
  const previous = entries.findLast((entry) => entry.kind === 'sample') ?? null;
  const byService = new Map(policies.map((policy) => [policy.service, policy]));
  const memory = recallUnits(stateDir);
  const taken = await takeSample({
    config,
    units,
    previous,
    history: entries,
    memory,
    mayGrow: (sample, service) => mayGrow(byService.get(service)!, sample),
  });
  const sample = carryBrakes(policies, entries, taken.sample, recovered?.blocked);
  const measured = { ...taken, sample };
  const decisions = decide({
    policies,
    history: [...entries, sample],
    checkIntervalMs: intervalS * 1000,
  });
  if (deps !== null) {
    appendEntries(stateDir, [noteHolds(sample, decisions)]);
    tellLacks(sample, stateDir, log);
    keepUnits(stateDir, memory);
  }

  const report: RunReport = {
    at: sample.at,
    dry_run: deps === null,
    host: sample.host,
    services: [],
  };
  if (recovered?.failed === true) report.failed = true;
  const begun = new Map<string, ServiceReport>();
  for (const decision of decisions) {
    const known = { decision, policies, units, measured };
    const blocked = recovered?.blocked.includes(decision.service) === true;
    const service = await serve(known, { config, log, deps, blocked, begun });
    report.services.push(service);
  }
  if (deps !== null) {
    await waitForDrains(report, { before: recovered?.draining ?? [], begun }, deps, log);
  }
  for (const twin of twins) report.services.push(logIdle(log, reportTwin(twin)));
  for (const [project, { enabled, service_name }] of Object.entries(config.projects)) {
    if (!enabled) report.services.push(reportDisabled(project, service_name));
  }
  const { textfile } = config.global;
  if (deps !== null && textfile !== undefined) {
    const { writeTextfile } = await import('./textfile.ts');
    writeTextfile(textfile, stateDir, { report, sample, policies }, log);
  }
  const hint = recommendLive(config, report.services, deps === null);
  if (hint !== null) {
    report.hint = hint;
    if (deps !== null) log.info({ event: 'hint' }, hint);
  }
  return report;
}

/** Last of all, so that no other service waits; those that ran into it in this run get its end. */
async function waitForDrains(
  report: RunReport,
  { before, begun }: { before: readonly string[]; begun: ReadonlyMap<string, ServiceReport> },
  deps: ActDeps,
  log: Logger,
): Promise<void> {
  const draining = new Set([...before, ...begun.keys()]);
  for (const outcome of await finishDrains(draining, deps, log)) {
    const service = begun.get(outcome.service);
    if (service !== undefined) {
      const at = report.services.findIndex(({ project }) => project === service.project);
      report.services[at] = withOutcome(service, outcome);
    } else if (outcome.result === 'failed') report.failed = true;
  }
}

interface Known {
  decision: Decision;
  policies: readonly Policy[];
  units: ReadonlyMap<string, UnitState>;
  measured: Measurement;
}

/** One service, from its decision to its place in the report. */
async function serve(
  { decision, policies, units, measured }: Known,
  by: {
    config: Config;
    log: Logger;
    deps: ActDeps | null;
    blocked: boolean;
    /** those whose Celery finishes its tasks now, by service */
    begun: Map<string, ServiceReport>;
  },
): Promise<ServiceReport> {
  const { log, deps } = by;
  const unit = units.get(decision.service);
  const policy = policies.find(({ service }) => service === decision.service);
  const report = reportDecision(decision, policy, unit, measured);
  if (report.action === 'none' || unit === undefined || decision.to === null) {
    if (unit === undefined || policy === undefined) return logIdle(log, report);
    const blocked = by.blocked || deps?.interrupted() === true;
    return serveIdle({ decision, policy, unit, measured, report }, { ...by, blocked });
  }
  if (by.blocked || deps?.interrupted() === true) {
    const held: ServiceReport = {
      ...report,
      ...{ action: 'none', to: report.from, hold: 'in_progress' },
      reason: `${report.reason}; not now: a change of it is still in progress, or this run was asked to end`,
    };
    return logIdle(log, held);
  }
  const { project, to, reasons } = decision;
  // seldom needed, and not small
  const { preparePlan } = await import('./prepare-plan.ts');
  const live = liveOf(by.config, unit.unit);
  const wanted = { project, to, reasons, reason: report.reason, live, mayReload: deps !== null };
  const plan = await preparePlan(unit, wanted);
  if ('how' in plan || deps === null) {
    const planned = withPlan(report, plan);
    if (planned.error !== null) logIdle(log, planned);
    return planned;
  }
  const { applyPlan } = await import('../act/apply.ts');
  const outcome = await applyPlan(plan, deps);
  logOutcome(log, outcome);
  tellLive(outcome, by.config, log);
  if (outcome.result === 'draining') by.begun.set(outcome.service, report);
  const served = withOutcome(report, outcome);
  return served.action === 'none' ? logIdle(log, served) : served;
}

/** What a run before has left is finished or undone first; the evidence of those services starts anew. */
async function recoverFirst(
  deps: ActDeps,
  log: Logger,
): Promise<{ blocked: string[]; draining: string[]; failed: boolean; hasChanged: boolean }> {
  const { outcomes, faults, blocked } = await recover(deps);
  for (const outcome of outcomes) logOutcome(log, outcome, 'recovered');
  for (const fault of faults) log.error({ event: 'recovered' }, fault);
  return {
    blocked,
    draining: outcomes.filter(({ result }) => result === 'draining').map(({ service }) => service),
    failed: faults.length > 0 || outcomes.some(({ result }) => result === 'failed'),
    hasChanged: outcomes.length > 0,
  };
}
