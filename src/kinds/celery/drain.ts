import { isDraining, isOverdue, tellTasks } from '../shared/draining.ts';
import type { KindDeps, Resized, PoolChange, Drain } from '../ports.ts';
import { EXIT, UserError } from '../../errors.ts';
import type { UnitState } from '../../model/unit-state.ts';
import { startPatience, untilDone } from '../shared/patience.ts';
import { quiesce, wake } from './quiesce.ts';
import { isRunning } from '../../model/unit-state.ts';
import { readUnit } from '../shared/unit.ts';

/**
 * How long `Restart=` may take to start the service. A restart of ours that comes a moment after it, on a busy machine, would end a
 * worker that has begun tasks. Between the delays that people write in `RestartSec=`, so that the two do not meet.
 */
const AUTO_RESTART_MS = 7_000;

/**
 * Restarts a Celery worker without losing a task: SIGTERM to the main process alone (Celery's warm
 * shutdown: nothing new is taken, running tasks are finished), wait until it is gone, start the unit,
 * unless `Restart=` has done so already. Children never get a signal from us, and `systemctl stop` is
 * not used, so that KillMode= and TimeoutStopSec= do not come into play while tasks run.
 */
export async function drainAndStart(change: PoolChange, deps: KindDeps): Promise<Resized> {
  const { service } = change;
  const drain = change.drain ?? (await beginDrain(change, deps));
  if (drain !== null) {
    if (!drain.signalled) await signalMain(change, drain, deps);
    const isOver = (): boolean => !isDraining(drain, deps) || isOverdue(change, drain, deps);
    const tasks = tellTasks(change, drain, 'Celery', deps);
    if (!(await waitFor(() => Promise.resolve(isOver()), tasks, deps))) return 'draining';
    if (isDraining(drain, deps)) giveUp(change, deps);
  }
  let unit = await readUnit(service, deps);
  const since = deps.monotonicMs();
  const isAtRest = async (): Promise<boolean> => {
    unit = await readUnit(service, deps);
    const isWaiting = unit.subState.startsWith('auto-restart');
    if (isWaiting && deps.monotonicMs() - since < AUTO_RESTART_MS) return false;
    return unit.activeState !== 'deactivating' && !(await isLeftBehind(unit, drain, deps));
  };
  const exit = (): void => deps.waitsFor(service, 'its processes have not ended yet', since);
  if (!(await waitFor(isAtRest, exit, deps))) return 'draining';
  if (unit.activeState === 'active' && unit.subState !== 'exited') return 'done';
  // a daemon that systemd does not watch: one that runs now was started by somebody else, from the new files
  if (unit.activeState === 'active' && !('error' in (await deps.findWorkerTree(unit))))
    return 'done';
  const patience = startPatience(change.isUndoing, deps);
  if (unit.activeState === 'active' || unit.subState.startsWith('auto-restart')) {
    // a start would do nothing (RemainAfterExit=) or wait for RestartSec=; no process is left to lose a task
    deps.step('restart');
    return untilDone(service, deps.target.restart(service), patience, deps);
  }
  if (unit.activeState === 'failed' || change.isUndoing) {
    deps.step('reset-failed');
    await deps.target.resetFailed(service);
  }
  deps.step('start');
  return untilDone(service, deps.target.start(service), patience, deps);
}

/**
 * The number goes back, the tasks go on: the main process has its SIGTERM and cannot be called back, and to
 * end it would lose tasks. So the service starts again when they are done, with the old number.
 */
function giveUp({ service, from, to }: PoolChange, deps: KindDeps): never {
  const limit = `${Math.round(deps.drainTimeoutMs(service) / 6_000) / 10} m`;
  const why = `Celery has not finished its running tasks within ${limit} (drain_timeout_minutes)`;
  deps.announce(
    service,
    `${service}: ${from} → ${to} is aborted: ${why}; the number goes back to ${from}. No task is killed: the first run after they are done starts the service again (immediately, but losing them: systemctl restart ${service})`,
  );
  throw new UserError(EXIT.failed, why);
}

/** Notes whom the signal is for, before it is sent; null: no process is there, so nothing can be lost. */
async function beginDrain(change: PoolChange, deps: KindDeps): Promise<Drain | null> {
  const { service } = change;
  const unit = await readUnit(service, deps);
  if (!isRunning(unit) || unit.subState.startsWith('auto-restart')) return null;
  const tree = await deps.findWorkerTree(unit);
  if ('error' in tree) {
    // a daemon in a Type=oneshot unit (`celery multi start`) that has ended, and systemd does not know it
    if (unit.subState === 'exited' && tree.empty === true) return null;
    throw new UserError(
      EXIT.failed,
      `${service}: its Celery main process cannot be identified with certainty (${tree.error}), and without that its tasks would be lost in a restart`,
      `Restart it yourself when it is idle: systemctl restart ${service}`,
    );
  }
  const drain = {
    boot: deps.bootId(),
    pid: tree.masterPid,
    start_ticks: tree.masterStartTicks,
    since: deps.now().toISOString(),
    since_ms: deps.monotonicMs(),
    signalled: false,
  };
  change.note({ drain });
  return drain;
}

/**
 * To a worker that takes no more tasks, where it can be told so. A second SIGTERM, after a crash right here, is the same
 * warm shutdown for Celery.
 */
async function signalMain(change: PoolChange, drain: Drain, deps: KindDeps): Promise<void> {
  const { service } = change;
  const busy = isDraining(drain, deps) ? await quiesce(service, drain.pid, deps) : null;
  const { controlGroup } = await readUnit(service, deps);
  deps.step('signal');
  if (controlGroup !== null && drain.boot === deps.bootId()) {
    deps.processes.terminate({ pid: drain.pid, startTicks: drain.start_ticks }, controlGroup);
  }
  change.note({ drain: { ...drain, signalled: true } });
  if (busy !== null) await wake(service, busy, deps);
}

/** Between the exit of Celery and the moment when systemd (or the shell above Celery) has noticed it. */
async function isLeftBehind(
  unit: UnitState,
  drain: Drain | null,
  deps: KindDeps,
): Promise<boolean> {
  if (drain === null || unit.activeState !== 'active') return false;
  const tree = await deps.findWorkerTree(unit);
  if ('error' in tree) return unit.subState !== 'exited';
  return tree.masterStartTicks === drain.start_ticks;
}

async function waitFor(
  isDone: () => Promise<boolean>,
  tell: () => void,
  deps: KindDeps,
): Promise<boolean> {
  const start = deps.monotonicMs();
  while (!(await isDone())) {
    if (deps.interruptedMs() !== null || deps.monotonicMs() - start > deps.timing.drainMs)
      return false;
    tell();
    await deps.sleep(deps.timing.pollMs);
  }
  return true;
}
