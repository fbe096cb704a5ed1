import { findCrashing } from '../../act/crashing.ts';
import { kindNamed } from '../../kinds/registry.ts';
import { isRunning } from '../../model/unit-state.ts';
import type { Finding } from './findings/types.ts';
import { formatCount } from '../../model/wording.ts';
import { UserError } from '../../errors.ts';
import { TARGET } from '../../targets/registry.ts';
import type { UnitState } from '../../model/unit-state.ts';
import type { WorkerClass } from '../../kinds/shared/concurrency.ts';
import { toFinding } from './host.ts';
import { checkLive } from './live.ts';
import { checkServing } from './serving.ts';
import { checkSockets } from './sockets.ts';
import { findElsewhere } from './find-elsewhere.ts';
import { editOf, liveOf } from '../shared/live.ts';
import type { Looked, Tell } from './looked.ts';
import { preparePlan } from '../shared/prepare-plan.ts';

/** The service: whether it is there, where its number stands, what a change would do. Changes nothing. */
export async function checkService(looked: Looked): Promise<Finding[]> {
  const { name, unit } = looked;
  const tell: Tell = (code, severity, evidence, remedy = null) => ({
    ...{ code, severity, project: name, evidence, remedy },
  });
  if (unit.loadState !== 'loaded') {
    const detail = unit.loadError === null ? '' : `: ${unit.loadError}`;
    const elsewhere = unit.loadState === 'not-found' ? findElsewhere(unit.unit) : null;
    const seen =
      elsewhere === null ? '' : `; ${elsewhere}, which the system's own systemd does not manage`;
    const remedy =
      elsewhere === null
        ? 'check "service_name"; systemctl list-units --type=service shows the names'
        : 'make it a system service, with User= and its command on the host itself';
    const evidence = `${unit.id} is ${unit.loadState}${detail}${seen}`;
    return [tell('unit_not_loaded', 'error', evidence, remedy)];
  }
  try {
    const state = await checkState(looked, tell);
    const sockets = isRunning(unit) ? await checkSockets(name, unit) : [];
    return [...state, ...sockets, ...(await checkChange(looked, tell))];
  } catch (error) {
    return [toFinding('unit_unreadable', error, name)];
  }
}

async function checkState(looked: Looked, tell: Tell): Promise<Finding[]> {
  const { unit, project, limits, sample } = looked;
  const findings: Finding[] = [];
  if (!isRunning(unit)) {
    const how = TARGET.tellRestarting(unit);
    const state = `${unit.id} is ${unit.activeState}${how === null ? '' : ` (${how})`}`;
    const evidence = `${state}: autoscaler never starts it`;
    findings.push(tell('service_down', 'warning', evidence, `systemctl status ${unit.id}`));
  }
  if (unit.needDaemonReload) {
    const evidence = `files of ${unit.id} have been edited since systemd read them`;
    findings.push(tell('reload_needed', 'warning', evidence, 'systemctl daemon-reload'));
  }
  const { workers = null, running = null, errors = {} } = sample ?? {};
  const { minWorkers: min, maxWorkers: max, schedule } = limits;
  if (workers !== null && (workers < min || workers > max)) {
    const to = workers < min ? min : max;
    const now = schedule === null ? '' : ` now (schedule "${schedule}")`;
    const evidence = `it has ${formatCount(workers, 'worker')}, but may have ${min} to ${max}${now}: the first run goes to ${to} at once`;
    const remedy = 'if that is not intended, change min_workers or max_workers';
    // more workers harm nobody; to take some away at once may
    const isWarning = project.enabled && to < workers;
    findings.push(tell('outside_limits', isWarning ? 'warning' : 'info', evidence, remedy));
  }
  if (isRunning(unit) && workers !== null && running !== null && running !== workers) {
    const now = (await askSize(looked)) ?? running;
    const evidence = `it declares ${formatCount(workers, 'worker')}, ${now} ${now === 1 ? 'is' : 'are'} running`;
    if (now !== workers)
      findings.push(tell('drift', 'warning', evidence, `systemctl restart ${unit.id}`));
  }
  if (isRunning(unit) && errors['running'] !== undefined) {
    findings.push(
      tell('workers_not_counted', 'warning', `its running workers: ${errors['running'].text}`),
    );
  }
  return findings;
}

/** A Celery pool may be replacing the processes that are missing; null: it does not say, or it is none. */
async function askSize({ unit, deps }: Looked): Promise<number | null> {
  const tree = await deps.findWorkerTree(unit);
  if ('error' in tree) return null;
  const { askSize } = await kindNamed(tree.kind).actions();
  return askSize(unit.unit, tree.masterPid, deps);
}

async function checkChange(looked: Looked, tell: Tell): Promise<Finding[]> {
  const { name, unit, limits, sample, config } = looked;
  const now = sample?.workers ?? limits.minWorkers;
  const to = now < limits.maxWorkers ? now + 1 : Math.max(1, now - 1);
  const plan = await preparePlan(unit, {
    ...{ project: name, to, reasons: [], reason: 'check', mayReload: false },
    live: liveOf(config, unit.unit),
    edit: editOf(config, unit.unit),
  });
  if ('how' in plan) {
    const code = plan.code === 'kind_differs' ? plan.code : `number_${plan.code}`;
    return [tell(code, 'error', plan.message, plan.hint)];
  }
  const findings: Finding[] = [];
  const location = (await TARGET.locate(unit)).location();
  if (location.how === 'known' && location.stale) {
    const evidence = `${location.path} repeats settings that have since changed in the files below it: that edit has no effect`;
    const remedy = `the next run renews it (immediately: autoscaler scale ${unit.id} ${location.workers}); then: systemctl restart ${unit.id}`;
    findings.push(tell('drop_in_stale', 'warning', evidence, remedy));
  } else if (plan.note !== undefined) {
    findings.push(tell('number_overruled', 'info', `after the first change: ${plan.note}`));
  }
  const where = plan.files.map(({ path, before }) => (before === null ? `${path} (new)` : path));
  const edit =
    where.length === 0 ? 'a change would edit nothing' : `a change edits ${where.join(', ')}`;
  findings.push(
    tell('service_found', 'info', `${plan.kind}, ${formatCount(plan.from, 'worker')}; ${edit}`),
  );
  const { restartRisk } = kindNamed(plan.kind).pool;
  if (restartRisk !== null && looked.deps.brokerOf(plan.service) === null) {
    const { evidence, remedy } = restartRisk;
    findings.push(tell('restart_unaided', 'warning', evidence, remedy));
  }
  const crashing = isRunning(unit) ? await findCrashing(unit, looked.deps) : null;
  if (crashing !== null) {
    const remedy = `journalctl -u ${unit.id} -n 50; no change of it can be verified until that is fixed`;
    return [...findings, tell('service_crashing', 'error', `${unit.id}: ${crashing}`, remedy)];
  }
  if (isRunning(unit)) {
    const declared = sample?.workers ?? null;
    findings.push(...(await checkServing({ name, unit, declared, kind: plan.kind }, looked.deps)));
  }
  return [...findings, ...(await checkLive(looked, plan, tell))];
}

/** How many requests each worker of a service has at once; null: it answers none, or its files cannot be read. */
export async function readWorkerClass(unit: UnitState): Promise<WorkerClass | null> {
  try {
    const command = (await TARGET.locate(unit)).command();
    if (command === null || command.concurrency === null) return null;
    return kindNamed(command.kind).load.classOf?.(command.concurrency) ?? null;
  } catch (error) {
    // which is said of the service itself
    if (error instanceof UserError) return null;
    throw error;
  }
}
