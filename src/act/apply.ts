import { kindNamed } from '../kinds/registry.ts';
import { EXIT, UserError } from '../errors.ts';
import { whileChanging } from '../host/phase.ts';
import { toUserError } from '../host/fault.ts';
import type { UnitState } from '../model/unit-state.ts';
import { carryOut } from './carry-out.ts';
import { tellNeither } from './plan.ts';
import { findCrashing } from './crashing.ts';
import { registerChange } from './journal/checkpoint.ts';
import { readFollowers } from './followers.ts';
import type { Identity } from './journal/manifest.ts';
import { readReachable } from './served.ts';
import type { ActDeps } from './ports.ts';
import type { Outcome, Plan } from './types.ts';
import { isRunning } from '../model/unit-state.ts';
import { readUnit } from '../kinds/shared/unit.ts';

/**
 * Makes one change of one service: journal, files, daemon-reload, service, verification. Whatever
 * fails is taken back; the outcome says so. The caller holds the lock and has called `recover`.
 */
export async function applyPlan(plan: Plan, deps: ActDeps): Promise<Outcome> {
  return whileChanging(() => apply(plan, deps));
}

async function apply(plan: Plan, deps: ActDeps): Promise<Outcome> {
  try {
    const unit = await readUnit(plan.service, deps);
    if (plan.action !== 'rollback') requireLoaded(unit);
    const { resize, obstacle } = await chooseResize(plan, unit, deps);
    let { from } = plan;
    const crashing = isRunning(unit) && resize !== 'live' ? await findCrashing(unit, deps) : null;
    if (plan.action === 'heal' && resize === 'live') {
      const { findHealHold } = await import('./heal-guard.ts');
      const found = await findHealHold(plan, deps);
      if ('held' in found)
        return { ...refuse(plan, new UserError(EXIT.failed, found.held)), ...found };
      ({ from } = found);
    }
    const isStuck = resize === 'none' && obstacle !== null && plan.action !== 'rollback';
    if (isStuck && plan.barrier !== null && plan.apply !== 'live-only') {
      return refuse(plan, new UserError(EXIT.failed, obstacle));
    }
    if (isStuck) {
      return { ...refuse(plan, new UserError(EXIT.failed, obstacle)), obstacle };
    }
    const fault = await findLoadFault(plan, resize, unit, deps);
    if (fault !== null) {
      return refuse(plan, new UserError(EXIT.failed, `${fault}; nothing was changed`, LOAD_HINT));
    }
    const followers = resize === 'none' ? [] : await readFollowers(plan.service, deps);
    const listeners = resize === 'none' ? null : await readReachable(unit, deps);
    const before = { before: identify(unit, deps), followers, ...(listeners && { listeners }) };
    const change = await registerChange({ ...plan, from, resize }, before, deps);
    const outcome = withNote(withCrashing(await carryOut(change, deps), crashing), plan);
    return obstacle === null ? outcome : { ...outcome, obstacle };
  } catch (error) {
    const fault = toUserError(error);
    if (fault === null) throw error;
    return refuse(plan, fault);
  }
}

/** Why the workers that it starts would not come up, as far as it shows; null: nothing is known, or none is started. */
async function findLoadFault(
  { kind, to }: Plan,
  resize: Plan['resize'],
  unit: UnitState,
  deps: ActDeps,
): Promise<string | null> {
  if (resize === 'none') return null;
  const actions = await kindNamed(kind).actions();
  const tree = await deps.findWorkerTree(unit);
  return 'error' in tree ? null : actions.findLoadFault({ to, resize }, tree, unit, deps);
}

const LOAD_HINT =
  'The service is left alone until its application can be loaded: finish or fix the deployment, then restart or reload the service.';

function withNote(outcome: Outcome, { note }: Plan): Outcome {
  if (note === undefined || ['undone', 'failed', 'refused'].includes(outcome.result))
    return outcome;
  return { ...outcome, note, sentence: `${outcome.sentence}; ${note}` };
}

/** What comes of a service that ended by itself before says little of the change: whoever reads it has to know. */
function withCrashing(outcome: Outcome, crashing: string | null): Outcome {
  if (crashing === null) return outcome;
  return { ...outcome, sentence: `${outcome.sentence}; before the change: ${crashing}` };
}

/** A service that was stopped since it was measured is not started; what may not be restarted is left alone. */
async function chooseResize(
  plan: Plan,
  unit: UnitState,
  deps: ActDeps,
): Promise<Pick<Plan, 'resize' | 'obstacle'>> {
  if (!isRunning(unit)) return { resize: 'none', obstacle: null };
  if (plan.resize !== 'live') return plan;
  const { findObstacle } = await import('./live.ts');
  const obstacle = await findObstacle(plan.kind, unit, deps);
  if (obstacle === null) return { resize: 'live', obstacle };
  const { apply, action, barrier } = plan;
  const mayRestart = apply !== 'live-only' && action !== 'heal' && barrier === null;
  const why = tellNeither(barrier, obstacle, apply);
  return { resize: mayRestart ? 'restart' : 'none', obstacle: why };
}

/** Removed, renamed or masked since it was measured. A rollback takes files back all the same. */
function requireLoaded({ unit, loadState, loadError }: UnitState): void {
  if (loadState === 'loaded') return;
  throw new UserError(
    EXIT.failed,
    `systemd reports it as ${loadState}${loadError === null ? '' : `: ${loadError}`}; nothing was changed`,
    `Look at it: systemctl status ${unit}`,
  );
}

function identify(unit: UnitState, deps: ActDeps): Identity {
  return { boot: deps.bootId(), main_pid: unit.mainPid, main_start_us: unit.mainStartUs };
}

function refuse(plan: Plan, error: UserError): Outcome {
  const { service, project, action, from, to, reason } = plan;
  return {
    ...{ service, project, action, from, to, reason },
    result: 'refused',
    sentence: `${service}: ${from} → ${to} was not applied: ${error.message}`,
    hint: error.hint ?? null,
    changeId: null,
    running: null,
  };
}
