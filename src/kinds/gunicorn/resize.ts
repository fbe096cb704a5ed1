import type { KindDeps, ProcessRef, WorkerTree, Resized, PoolChange } from '../ports.ts';
import { EXIT, UserError } from '../../errors.ts';
import type { UnitState } from '../../model/unit-state.ts';
import { lowerByOne } from './lower.ts';
import { portOf } from '../shared/port-of.ts';
import { gunicornPorts } from './ports.ts';
import { readFullestPool, readPool, readStillPool, watch, type Pool } from '../shared/pool.ts';
import { listUnserved, stayingOf, untilServing } from './serving.ts';
import { signalMaster } from './signal-master.ts';

/** Why the master cannot be asked by signals; null: it can. */
export function findObstacle(tree: WorkerTree, unit: UnitState): string | null {
  if (unit.controlGroup === null) return 'systemd reports no control group for it';
  if (tree.upgrade !== undefined) return tree.upgrade;
  if (tree.workerPids.length === 0) return 'its master has no workers yet';
  return null;
}

/**
 * Brings a Gunicorn master to `target` workers by SIGTTIN and SIGTTOU, one at a time, each seen in its
 * processes before the next: a master of version 20 keeps five signals at most in mind and drops others. None is added
 * before the last one serves. One that is asked to end finishes its request first. Where that takes long it is noted in
 * the journal and does not count from then on, so that it is not asked for again.
 */
export async function resize(change: PoolChange, target: number, deps: KindDeps): Promise<Resized> {
  const { service } = change;
  const { mayRecycle } = portOf(gunicornPorts, deps);
  const recycles = await mayRecycle((await readPool(service, deps)).unit);
  const first = await (recycles ? readFullestPool : readStillPool)(service, deps);
  const readNow = recycles ? readFullestPool : readPool;
  const leaving = await change.readLeaving();
  let staying = stayingOf(first, leaving, deps);
  // more than enough, also where a worker dies meanwhile; without a limit a fault could go on for ever
  let steps = 2 * Math.abs(target - staying.length) + (recycles ? 24 : 4);
  while (staying.length !== target) {
    if (steps-- === 0) throw new UserError(EXIT.failed, 'its workers do not settle');
    const pool = { first, staying, leaving };
    if (staying.length < target) {
      if ((await untilServing(change, pool, deps)) === 'leave') return 'waiting';
      await addOne(service, first, deps);
    } else {
      const kept = await lowerByOne(change, pool, deps);
      if (kept === 'leave') return 'waiting';
      if (kept !== null) return { kept: tellKept(staying, target, kept.kept, deps) };
    }
    staying = stayingOf(await readNow(service, deps, first), leaving, deps);
  }
  if (leaving.size === 0) return 'done';
  const rest = await watch(
    () => readPool(service, deps, first),
    ({ workerPids }) => !workerPids.some((pid) => leaving.has(pid)),
    deps.timing.leaveMs,
    deps,
  );
  const busy = [...leaving.values()].filter(({ pid }) => rest.workerPids.includes(pid));
  if (busy.length === 0) return 'done';
  change.note({ leaving: busy });
  return 'partly';
}

function tellKept(staying: ProcessRef[], target: number, why: string, deps: KindDeps): string {
  const unserved = listUnserved(staying, deps).map(({ pid }) => pid);
  const head = `${staying.length} workers are running instead of ${target}`;
  // those that had not served may be gone by now, or serve
  if (unserved.length === 0) return `${head}: none could be removed safely (${why})`;
  return `${head}: process ${unserved.join(', ')} has not served yet, and Gunicorn would end one that serves instead (${why})`;
}

async function addOne(service: string, pool: Pool, deps: KindDeps): Promise<void> {
  const before = new Set((await readPool(service, deps, pool)).workerPids);
  signalMaster(pool, 'SIGTTIN', deps);
  const { workerPids } = await watch(
    () => readPool(service, deps, pool),
    (now) => now.workerPids.some((pid) => !before.has(pid)),
    deps.timing.reactMs,
    deps,
  );
  if (workerPids.some((pid) => !before.has(pid))) return;
  throw new UserError(
    EXIT.failed,
    `its master (process ${pool.masterPid}) was asked for one more worker (SIGTTIN) and has started none within ${deps.timing.reactMs / 1000} s`,
  );
}
