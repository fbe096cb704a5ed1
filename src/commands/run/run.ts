import type { Logger } from 'pino';
import { whyBlocked } from '../../act/journal/recover.ts';
import { openSideBySide, type SideBySide } from '../../act/side-by-side.ts';
import type { ActDeps } from '../../act/ports.ts';
import type { GlobalOptions } from '../shared/global-options.ts';
import type { Fault } from '../../config/file/fault.ts';
import { drainTimeouts } from '../../config/policy/drain-timeout.ts';
import { tellExample } from '../../config/file/example.ts';
import { loadConfig } from '../shared/load-config.ts';
import { readPoliciesAt } from '../../config/policy/policies-at.ts';
import { findConfigPath } from '../../config/file/read.ts';
import type { Config } from '../../config/schema/schema.ts';
import { carryBrakes } from '../../decide/limits/brake-memory.ts';
import { decide } from '../../decide/decide.ts';
import { noteHolds } from '../../decide/holds.ts';
import { mayGrow } from '../../decide/limits/may-grow.ts';
import { historyNeededMs } from '../../decide/evidence/window.ts';
import { enterPhase, requireGoing } from '../../host/phase.ts';
import { takeSample } from '../../measure/sample.ts';
import type { RunReport, ServiceReport } from './run-report.ts';
import { appendEntries, readRecent } from '../../state/history.ts';
import { makeActDeps } from '../shared/act-deps.ts';
import { withControls } from '../shared/controls.ts';
import { tellEvents } from './events.ts';
import { holdLock } from '../shared/hold-lock.ts';
import { recommendLive } from '../shared/live.ts';
import { logIdle, loggingFailure, logWarnings, openCommandLog } from '../shared/log-events.ts';
import { printRun } from './print-run.ts';
import { recoverFirst, type Recovered } from './recover-first.ts';
import { reportDisabled, reportTwin } from './report-decision.ts';
import { limitRun } from './run-limits.ts';
import { serveAll, type Look } from './serve-all.ts';
import { watchSignals } from '../shared/signals.ts';
import { tellHiddenTasks } from './tell-hidden.ts';
import { isFirstOfHour, tellConfig, tellRun } from './tell-run.ts';
import { tellLock } from '../shared/tell-wait.ts';
import { tellLacks } from './tell-lacks.ts';
import { readServices, type TrueNames } from '../shared/true-names.ts';
import { keepUnits, recallUnits } from '../../state/cache.ts';
import { toUnitMemory } from '../../targets/systemd/unit-facts.ts';
import { watchRun } from '../shared/watch-run.ts';

export interface RunOptions extends GlobalOptions {
  dryRun?: boolean;
  json?: boolean;
}

/**
 * One cycle: measure, decide, plan, act, record. A dry run reads the same and stops after plan. A
 * service that cannot be measured or changed stops no other one; it makes the exit code 1.
 */
export async function runCommand(options: RunOptions): Promise<number> {
  const path = findConfigPath(options.config);
  const { config, warnings: odd, isExample } = await loadConfig(path);
  const warnings = isExample ? [...odd, tellExample(path)] : odd;
  const dryRun = options.dryRun === true;
  const log = await openCommandLog(options, dryRun ? null : (config.global.log_file ?? null));
  if (dryRun) logWarnings(log, warnings);
  return loggingFailure(log, async () => {
    const report = dryRun
      ? await runCycle(await readServices(config), log, null)
      : await runLocked(config, warnings, log);
    return typeof report === 'number' ? report : printRun(report, options);
  });
}

/** A cycle that may change things; a number is the exit code of a run that was asked to end. */
async function runLocked(
  written: Config,
  warnings: readonly Fault[],
  log: Logger,
): Promise<RunReport | number> {
  const lock = await holdLock(written.global, tellLock(log));
  const signals = watchSignals();
  const watchdog = watchRun(log);
  const cycle = async (): Promise<RunReport | number> => {
    tellConfig(warnings, written.global.state_dir, log);
    const named = await readServices(written);
    const { config } = named;
    const deps = makeActDeps(config.global, {
      ...{
        interruptedMs: signals.interruptedMs,
        log,
        drainTimeoutMs: drainTimeouts(config),
        config,
      },
    });
    const report = await runCycle(named, log, deps);
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

/** `deps` null: a dry run, which writes nothing anywhere. */
async function runCycle(named: TrueNames, log: Logger, deps: ActDeps | null): Promise<RunReport> {
  const beside = openSideBySide();
  try {
    return await runBeside(named, log, deps, beside);
  } finally {
    // whatever has happened, no change is left in the middle
    await beside.ended();
  }
}

async function runBeside(
  named: TrueNames,
  log: Logger,
  plainDeps: ActDeps | null,
  beside: SideBySide,
): Promise<RunReport> {
  const { config, twins } = named;
  const { state_dir: stateDir, check_interval_seconds: intervalS } = config.global;
  const limits = plainDeps === null ? null : limitRun(plainDeps, beside, intervalS * 1000);
  const deps = plainDeps && limits ? { ...plainDeps, mayLeave: limits.mayLeave } : null;
  const recovered = deps === null ? null : await recoverFirst(deps, beside, log);

  enterPhase('reading the history');
  const policies = withControls((await readPoliciesAt(config))(new Date()), stateDir);
  const { entries, warnings } = readRecent(stateDir, historyNeededMs(policies, intervalS * 1000));
  for (const warning of warnings) log.warn({ event: 'history' }, warning);
  const previous = entries.findLast((entry) => entry.kind === 'sample') ?? null;
  const byService = new Map(policies.map((policy) => [policy.service, policy]));
  const memory = toUnitMemory(recallUnits(stateDir));
  const look = async ({ units }: Pick<TrueNames, 'units'>): Promise<Look> => {
    // what is still being recovered is measured in the middle of a change
    const open = recovered && { ...recovered.recovery, blocked: [...recovered.recovery.blocked] };
    const taken = await takeSample({
      ...{ config, units, previous, history: entries, memory },
      mayGrow: (sample, service) => mayGrow(byService.get(service)!, sample),
    });
    enterPhase('deciding');
    const sample = carryBrakes(policies, entries, taken.sample, open?.blocked);
    const history = [...entries, sample];
    const decisions = decide({ policies, history, checkIntervalMs: intervalS * 1000 });
    return {
      ...{ units, policies, measured: { ...taken, sample }, decisions },
      whyBlocked: (service) => open && whyBlocked(open, service),
    };
  };
  const seen = await look(recovered?.recovery.outcomes.length ? await readServices(config) : named);
  const { measured, decisions } = seen;
  const { sample } = measured;
  if (deps !== null) {
    requireGoing();
    appendEntries(stateDir, [noteHolds(sample, decisions)]);
    tellLacks(sample, stateDir, log);
    await tellHiddenTasks(config, sample, log);
    keepUnits(stateDir, memory);
  }

  const report: RunReport = {
    at: sample.at,
    dry_run: deps === null,
    host: sample.host,
    services: [],
  };
  if (deps === null) {
    const { readUnfinished } = await import('../shared/unfinished.ts');
    const unfinished = await readUnfinished(config);
    if (unfinished.length > 0) report.unfinished = unfinished;
  }
  const whyNot = limits === null ? () => null : limits.whyNot;
  const served = await serveAll(seen, { config, log, deps, beside, recovered, whyNot });
  report.services = inOrder(served.services, config);
  if (served.hasFailed || hasFailed(recovered)) report.failed = true;
  for (const twin of twins) report.services.push(logIdle(log, reportTwin(twin)));
  for (const [project, { enabled, service_name }] of Object.entries(config.projects)) {
    if (!enabled) report.services.push(reportDisabled(project, service_name));
  }
  if (deps !== null) tellRun(log, report, previous);
  const { textfile } = config.global;
  if (deps !== null && textfile !== undefined) {
    const { writeTextfile } = await import('./textfile.ts');
    requireGoing();
    writeTextfile(textfile, stateDir, { report, sample, policies }, log);
  }
  const hint = recommendLive(config, report.services, deps === null);
  if (hint !== null) {
    report.hint = hint;
    if (deps !== null && isFirstOfHour(previous, Date.parse(sample.at))) {
      log.info({ event: 'hint' }, hint);
    }
  }
  return report;
}

/** As the projects stand in the config: what happens first differs from run to run. */
function inOrder(services: ServiceReport[], { projects }: Config): ServiceReport[] {
  const names = Object.keys(projects);
  return services.sort((a, b) => names.indexOf(a.project) - names.indexOf(b.project));
}

function hasFailed(recovered: Recovered | null): boolean {
  if (recovered === null) return false;
  const { faults, outcomes } = recovered.recovery;
  return faults.length > 0 || outcomes.some(({ result }) => result === 'failed');
}
