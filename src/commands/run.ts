import type { Logger } from 'pino';
import { recover, whyBlocked } from '../act/recover.ts';
import type { ActDeps, Recovery } from '../act/types.ts';
import type { GlobalOptions } from './global-options.ts';
import { drainTimeouts } from '../config/drain-timeout.ts';
import { loadConfig } from '../config/load.ts';
import { readPoliciesAt } from '../config/policies-at.ts';
import { findConfigPath } from '../config/read.ts';
import type { Config } from '../config/schema.ts';
import { carryBrakes } from '../decide/brake-memory.ts';
import { decide } from '../decide/decide.ts';
import { decideHeal } from '../decide/heal.ts';
import { noteHolds } from '../decide/holds.ts';
import { mayGrow } from '../decide/may-grow.ts';
import type { Decision, Policy } from '../decide/types.ts';
import { historyNeededMs } from '../decide/window.ts';
import { enterPhase } from '../host/phase.ts';
import { startWatchdog } from '../host/watchdog.ts';
import { takeSample, type Measurement } from '../measure/sample.ts';
import type { RunReport, ServiceReport } from '../output/run-report.ts';
import { appendEntries, readRecent } from '../state/history.ts';
import type { UnitState } from '../systemd/types.ts';
import { makeActDeps } from './act-deps.ts';
import { withControls } from './controls.ts';
import { tellEvents } from './events.ts';
import { finishDrains } from './finish-drains.ts';
import { holdLock } from './hold-lock.ts';
import { recommendLive } from './live.ts';
import { logIdle, loggingFailure, logOutcome, logWarnings, openCommandLog } from './log-events.ts';
import { printRun } from './print-run.ts';
import { reportDisabled, reportTwin, withOutcome } from './report-decision.ts';
import { serve } from './serve.ts';
import { watchSignals } from './signals.ts';
import { tellLacks } from './tell-lacks.ts';
import { readServices, type TrueNames } from './true-names.ts';
import { keepUnits, recallUnits, type RunMemory } from './unit-memory.ts';

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
      ? await runCycle(await readServices(config), log, null, recallUnits(config.global.state_dir))
      : await runLocked(config, log);
    return typeof report === 'number' ? report : printRun(report, options);
  });
}

/** A cycle that may change things; a number is the exit code of a run that was asked to end. */
async function runLocked(written: Config, log: Logger): Promise<RunReport | number> {
  const lock = await holdLock(written.global.state_dir);
  const signals = watchSignals();
  const watchdog = await startWatchdog();
  const cycle = async (): Promise<RunReport | number> => {
    const memory = recallUnits(written.global.state_dir);
    const named = await readServices(written, memory.systemd);
    const { config } = named;
    const deps = makeActDeps(config.global, {
      ...{ interrupted: signals.interrupted, log, drainTimeoutMs: drainTimeouts(config), config },
    });
    const report = await runCycle(named, log, deps, memory);
    return signals.exitCode() ?? report;
  };
  try {
    return await watchdog.unlessStuck(cycle);
  } finally {
    watchdog.stop();
    signals.release();
    lock.release();
    await tellEvents(log, written.global);
  }
}

/** What was measured, and what is decided on it. */
interface Look {
  units: ReadonlyMap<string, UnitState>;
  measured: Measurement;
  decisions: Decision[];
}

/** `deps` null: a dry run, which writes nothing anywhere. */
async function runCycle(
  named: TrueNames,
  log: Logger,
  deps: ActDeps | null,
  memory: RunMemory,
): Promise<RunReport> {
  const { config, twins } = named;
  const { state_dir: stateDir, check_interval_seconds: intervalS } = config.global;
  const recovered = deps === null ? null : await recoverFirst(deps, log);

  enterPhase('reading the history');
  const policies = withControls((await readPoliciesAt(config))(new Date()), stateDir);
  const { entries, warnings } = readRecent(stateDir, historyNeededMs(policies, intervalS * 1000));
  for (const warning of warnings) log.warn({ event: 'history' }, warning);
  const previous = entries.findLast((entry) => entry.kind === 'sample') ?? null;
  const byService = new Map(policies.map((policy) => [policy.service, policy]));
  const look = async ({ units }: Pick<TrueNames, 'units'>): Promise<Look> => {
    const taken = await takeSample({
      ...{ config, units, previous, history: entries, memory },
      mayGrow: (sample, service) => mayGrow(byService.get(service)!, sample),
    });
    enterPhase('deciding');
    const sample = carryBrakes(policies, entries, taken.sample, recovered?.blocked);
    const history = [...entries, sample];
    const decisions = decide({ policies, history, checkIntervalMs: intervalS * 1000 });
    return { units, measured: { ...taken, sample }, decisions };
  };
  let seen = await look(recovered?.hasChanged === true ? await readServices(config) : named);
  // what is to be changed is decided on what systemd and the kernel say now
  if ((memory.systemd.wasUsed || memory.trees.wasUsed) && wantsChange(seen, byService)) {
    memory.trees.trees = {};
    seen = await look(await readServices(config));
  }
  const { units, measured, decisions } = seen;
  const { sample } = measured;
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
  if (deps === null) {
    const { readUnfinished } = await import('./unfinished.ts');
    const unfinished = await readUnfinished(config);
    if (unfinished.length > 0) report.unfinished = unfinished;
  }
  const begun = new Map<string, ServiceReport>();
  for (const decision of decisions) {
    const known = { decision, policies, units, measured };
    const blocked = recovered === null ? null : whyBlocked(recovered, decision.service);
    report.services.push(await serve(known, { config, log, deps, blocked, begun }));
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

function wantsChange(
  { decisions, measured }: Look,
  policies: ReadonlyMap<string, Policy>,
): boolean {
  return decisions.some(
    (decision) =>
      decision.action !== 'none' ||
      decideHeal(decision, policies.get(decision.service)!, measured.sample) !== null,
  );
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

/** What a run before has left is finished or undone first; the evidence of those services starts anew. */
async function recoverFirst(
  deps: ActDeps,
  log: Logger,
): Promise<Recovery & { draining: string[]; failed: boolean; hasChanged: boolean }> {
  const recovery = await recover(deps);
  const { outcomes, faults } = recovery;
  for (const outcome of outcomes) logOutcome(log, outcome, 'recovered');
  for (const fault of faults) log.error({ event: 'recovered' }, fault);
  return {
    ...recovery,
    draining: outcomes.filter(({ result }) => result === 'draining').map(({ service }) => service),
    failed: faults.length > 0 || outcomes.some(({ result }) => result === 'failed'),
    hasChanged: outcomes.length > 0,
  };
}
