import type { Logger } from 'pino';
import { reportExample } from '../../config/file/example.ts';
import type { Fault } from '../../config/file/fault.ts';
import { findConfigPath } from '../../config/file/read.ts';
import { drainTimeouts } from '../../config/policy/drain-timeout.ts';
import type { Config } from '../../config/schema/schema.ts';
import { makeActDeps } from '../shared/act-deps.ts';
import type { GlobalOptions } from '../shared/global-options.ts';
import { loadConfig } from '../shared/load-config.ts';
import { loggingFailure, logWarnings, openCommandLog } from '../shared/log-events.ts';
import { readServices, type TrueNames } from '../shared/true-names.ts';
import { underLock } from '../shared/under-lock.ts';
import { completeDry, conclude, recordLook, toReport } from './conclude.ts';
import { openDryWorld } from './dry-world.ts';
import { measureAndDecide, readPast } from './measure-and-decide.ts';
import { printRun } from './print-run.ts';
import type { RunReport } from './run-report.ts';
import { serveAll } from './serve-all.ts';
import { reportConfig } from './log-run.ts';
import { openWorld, type World } from './world.ts';

export interface RunOptions extends GlobalOptions {
  dryRun?: boolean;
  json?: boolean;
}

/**
 * One cycle: measure, decide, plan, act, record. A dry run reads the same and stops after the plan. A service that cannot
 * be measured or changed does not stop the others, but makes the exit code 1.
 */
export async function runCommand(options: RunOptions): Promise<number> {
  const path = findConfigPath(options.config);
  const { config, warnings: odd, isExample } = await loadConfig(path);
  const warnings = isExample ? [...odd, reportExample(path)] : odd;
  const dryRun = options.dryRun === true;
  const log = await openCommandLog(options, dryRun ? null : (config.global.log_file ?? null));
  if (dryRun) logWarnings(log, warnings);
  return loggingFailure(log, async () => {
    const report = dryRun
      ? await runCycle(await readServices(config), log, openDryWorld())
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
  return underLock({ places: written.global, log, global: written.global }, async (signals) => {
    reportConfig(warnings, written.global.state_dir, log);
    const named = await readServices(written);
    const { config } = named;
    const deps = makeActDeps(config.global, {
      ...{ interruptedMs: signals.interruptedMs, log, config },
      drainTimeoutMs: drainTimeouts(config),
    });
    const world = openWorld(deps, log, config.global.check_interval_seconds * 1000);
    const report = await runCycle(named, log, world);
    return signals.exitCode() ?? report;
  });
}

/** Recover, measure, decide, plan, act (or foretell), record. */
async function runCycle(named: TrueNames, log: Logger, world: World): Promise<RunReport> {
  const { config } = named;
  const by = { config, log };
  try {
    const recovered = await world.recover();
    const past = await readPast(config, log);
    // a service that was recovered is no longer as it was found
    const { units } = recovered.outcomes.length > 0 ? await readServices(config) : named;
    const look = await measureAndDecide({ config, units }, past, recovered);
    if (!world.isDry) await recordLook(look, past, by);
    const served = await serveAll(look, { ...by, world, recovered });
    const hasFailed = served.hasFailed || recovered.hasFailed;
    const report = toReport(look, { ...served, hasFailed }, named, { log, isDry: world.isDry });
    return world.isDry ? await completeDry(report, config) : await conclude(report, look, past, by);
  } finally {
    // whatever happens, no change is left half done
    await world.ended();
  }
}
