import { formatCount } from '../../model/wording.ts';
import type { Logger } from 'pino';
import { applyPlan } from '../../act/apply.ts';
import { whyBlocked } from '../../act/journal/recover.ts';
import { findRelated } from '../../act/related.ts';
import { openSideBySide, type SideBySide } from '../../act/side-by-side.ts';
import type { Outcome, Plan, Recovery } from '../../act/types.ts';
import type { GlobalOptions } from '../shared/global-options.ts';
import { loadConfigIfAny } from '../shared/load-config.ts';
import type { Config } from '../../config/schema/schema.ts';
import { findNameFault, unitName } from '../../config/schema/service-name.ts';
import { EXIT, UserError, type ExitCode } from '../../errors.ts';
import { cleanLine } from '../../output/clean.ts';
import { renderDiff } from '../../output/diff.ts';
import { tellResize } from '../run/run-report.ts';
import { openOutput } from '../../output/terminal.ts';
import type { UnitState } from '../../model/unit-state.ts';
import { TARGET } from '../../targets/registry.ts';
import { drainTimeouts } from '../../config/policy/drain-timeout.ts';
import { makeActDeps } from '../shared/act-deps.ts';
import { declareKinds } from '../shared/declare-kinds.ts';
import { planHealNow } from '../run/heal-drift.ts';
import { editOf, liveOf, tellLive } from '../shared/live.ts';
import { logOutcome, notingFailure, openCommandLog } from '../shared/log-events.ts';
import { preparePlan } from '../shared/prepare-plan.ts';
import { requireLimits, requireStep, type Asked } from './limits.ts';
import { beginRecovery } from '../shared/recover.ts';
import type { SignalWatch } from '../shared/signals.ts';
import { writeOut } from '../../host/streams.ts';
import { explainTwin, followAliases } from '../shared/true-names.ts';
import { underLock } from '../shared/under-lock.ts';

export interface ScaleOptions extends GlobalOptions {
  service: string;
  workers: number;
  /** beyond the limits of the project */
  force?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

/**
 * One change by hand, through the same road as those of `run`, for any service. The limits of a project
 * that names the service hold, unless `force`d. A service that is not running gets its number changed and
 * is not started.
 */
export async function scaleCommand(options: ScaleOptions): Promise<number> {
  const written = await loadConfigIfAny(options.config);
  const logFile = options.dryRun === true ? null : (written.global.log_file ?? null);
  const { service, project, config } = await notingFailure(logFile, () =>
    findService(options.service, written),
  );
  const asked: Asked = { project, workers: options.workers, force: options.force === true };
  await requireLimits(asked, config);
  if (options.dryRun === true) {
    const plan = await planScale(service, asked, { config, mayReload: false });
    return printPlan(plan, options);
  }
  const log = await openCommandLog(options, config.global.log_file ?? null);
  return notingFailure(config.global.log_file ?? null, () =>
    scaleLocked(service, asked, { options, config, log }),
  );
}

/** Under the lock, after what a run before has left of this service is finished or undone. */
async function scaleLocked(
  service: string,
  asked: Asked,
  { options, config, log }: { options: ScaleOptions; config: Config; log: Logger },
): Promise<number> {
  const scale = async (signals: SignalWatch, beside: SideBySide): Promise<number> => {
    const deps = makeActDeps(config.global, {
      ...{
        interruptedMs: signals.interruptedMs,
        log,
        drainTimeoutMs: drainTimeouts(config),
        config,
      },
    });
    const related = await findRelated([service], deps);
    // perhaps no timer comes to go on with a drain: wait for Celery's tasks, unless interrupted
    const patient = { ...deps, timing: { ...deps.timing, drainMs: Infinity } };
    const isWaitedFor = (other: string): boolean =>
      other === service || related(service).touches.has(other);
    const { recovery, ended } = await beginRecovery(deps, beside, log, (other) =>
      isWaitedFor(other) ? patient : deps,
    );
    // only what is left of this very service, or of one that it is restarted with, is waited for
    const change = beside.add({
      ...{ unit: service, ...related(service) },
      work: async () => {
        requireFree(service, recovery);
        const plan = await planScale(service, asked, { config, mayReload: true });
        const isUnchanged = plan.files.length === 0 && plan.from === plan.to;
        const heal = isUnchanged ? await planHealNow(plan, config, patient) : null;
        if (isUnchanged && heal === null) return { plan, outcome: null };
        const outcome = await applyPlan(heal ?? plan, patient);
        logOutcome(log, outcome);
        tellLive(outcome, config, log);
        return { plan, outcome };
      },
    });
    const [{ plan, outcome }] = await Promise.all([change, ended]);
    if (outcome === null) return printNothingToDo(plan, options);
    return signals.exitCode() ?? printOutcome(outcome, options);
  };
  return underLock({ places: config.global, log, global: config.global }, (signals) => {
    const beside = openSideBySide();
    return scale(signals, beside).finally(() => beside.ended());
  });
}

function requireFree(service: string, recovery: Recovery): void {
  const why = whyBlocked(recovery, service);
  if (why === null) return;
  throw new UserError(
    EXIT.failed,
    `${service}: ${why}`,
    'autoscaler rollback --list shows it; try again when it is finished.',
  );
}

/** What is to be scaled, and the config with services by their own names. */
interface Found {
  service: string;
  project: string | null;
  config: Config;
}

/**
 * By unit (an alias too), or by the name of a project. @throws UserError usage for what cannot be a
 * unit's name, config for a project whose service another one has, failed where there is no such unit: before
 * anything is locked, finished or undone
 */
async function findService(name: string, written: Config): Promise<Found> {
  const isProject = Object.hasOwn(written.projects, name);
  const alias = written.projects[name]?.service_name ?? unitName(name);
  requireName(name, alias);
  const names = Object.values(written.projects).map(({ service_name }) => service_name);
  const units = await TARGET.readStates([...new Set([...names, alias])]);
  const { config, twins } = followAliases(written, units);
  const twin = twins.find(({ project }) => project === name);
  if (twin !== undefined) throw new UserError(EXIT.config, `${name}: ${explainTwin(twin)}`);
  const unit = units.get(alias);
  const service = unit?.id ?? alias;
  requireLoaded(service, unit);
  const owner = Object.entries(config.projects).find(([project, { service_name }]) =>
    isProject ? project === name : service_name === service,
  );
  return { service, project: owner?.[0] ?? null, config };
}

function requireName(name: string, unit: string): void {
  const fault = findNameFault(unit);
  if (fault === null) return;
  throw new UserError(
    EXIT.usage,
    `scale ${JSON.stringify(name)}: ${fault.expected}`,
    'For example: autoscaler scale shop.service 4',
  );
}

async function planScale(
  service: string,
  asked: Asked,
  { config, mayReload }: { config: Config; mayReload: boolean },
): Promise<Plan> {
  const { project, workers: to } = asked;
  const unit = declareKinds(await TARGET.readStates([service]), config).get(service);
  requireLoaded(service, unit);
  const live = liveOf(config, service);
  const reason = 'requested by hand';
  const plan = await preparePlan(unit, {
    ...{ project, to, reasons: [], reason, live, mayReload },
    edit: editOf(config, service),
  });
  if ('how' in plan) throw new UserError(EXIT.failed, `${service}: ${plan.message}`, plan.hint);
  await requireStep(asked, plan.from, config);
  return plan;
}

function requireLoaded(service: string, unit: UnitState | undefined): asserts unit is UnitState {
  if (unit?.loadState === 'loaded') return;
  const { loadState = 'not known', loadError = null } = unit ?? {};
  const detail = loadError === null ? '' : `: ${loadError}`;
  throw new UserError(
    EXIT.failed,
    `${service} is ${loadState}${detail}`,
    `Look at it: systemctl status ${service}`,
  );
}

async function printPlan(plan: Plan, options: ScaleOptions): Promise<ExitCode> {
  if (options.json === true) writeOut(`${JSON.stringify(plan)}\n`);
  else {
    const what =
      plan.from === plan.to && plan.files.length === 0
        ? 'nothing to do'
        : `dry run: ${plan.from} → ${formatCount(plan.to, 'worker')}, not done; ${tellResize(plan)}`;
    const note = plan.note === undefined ? '' : `; ${plan.note}`;
    const head = cleanLine(`${plan.service}: ${what}${note}`);
    openOutput(options).write(`${head}\n${await renderDiff(plan.files)}`);
  }
  return EXIT.ok;
}

function printNothingToDo(plan: Plan, options: ScaleOptions): ExitCode {
  const { service, from, to } = plan;
  if (options.json === true)
    writeOut(`${JSON.stringify({ service, from, to, result: 'unchanged' })}\n`);
  else
    openOutput(options).write(
      `${service} has ${formatCount(to, 'worker')} already: nothing to do\n`,
    );
  return EXIT.ok;
}

function printOutcome(outcome: Outcome, options: ScaleOptions): ExitCode {
  const { result, sentence, hint } = outcome;
  if (options.json === true) writeOut(`${JSON.stringify(outcome)}\n`);
  else {
    const lines = hint === null ? [sentence] : [sentence, hint];
    openOutput(options).write(lines.map((line) => `${cleanLine(line)}\n`).join(''));
  }
  return result === 'applied' || result === 'draining' || result === 'waiting'
    ? EXIT.ok
    : EXIT.failed;
}
