import type { KindDeps, ProcessRef, PoolChange } from '../ports.ts';
import { EXIT, UserError } from '../../errors.ts';
import { watchComputing } from '../shared/computing.ts';
import { startPatience } from '../shared/patience.ts';
import { ageMs } from '../shared/process.ts';
import { readPool, type Pool } from '../shared/pool.ts';
import { portOf } from '../shared/port-of.ts';
import { gunicornPorts } from './ports.ts';

/** A pool as it was first seen, and its workers of now: those that stay, and those that were asked to end. */
export interface Resizing {
  first: Pool;
  staying: ProcessRef[];
  leaving: Map<number, ProcessRef>;
}

/** The time is over, and some workers do not serve. */
export class NotServing extends UserError {}

/** A worker that has just been forked still has the heartbeats of older ones open, which look like its own. */
const GROWN_MS = 1000;

/** After this many looks at a worker that does not serve, looks become less frequent. */
const QUICK_LOOKS = 20;

/** The workers that do not serve yet, or are too young to tell. What cannot be determined at all counts as serving. */
export function listUnserved(workers: readonly ProcessRef[], deps: KindDeps): ProcessRef[] {
  const { hasBooted } = portOf(gunicornPorts, deps);
  return workers.filter((worker) => {
    const isUp = hasBooted(worker.pid);
    return isUp === false || (isUp === true && ageMs(worker, deps) < GROWN_MS);
  });
}

/**
 * Waits until all workers serve, as long as they may take to load the application, runs before included; `leave`: that is
 * left to the next run.
 *
 * @throws NotServing where they do not; UserError where the run is to end before, or the service changes
 */
export async function untilServing(
  change: PoolChange,
  pool: Resizing,
  deps: KindDeps,
): Promise<'serves' | 'leave'> {
  const { service, isUndoing, waited } = change;
  if (listUnserved(pool.staying, deps).length === 0) return 'serves';
  const limitMs = await deps.bootMs(pool.first.unit);
  const patience = startPatience(isUndoing, deps);
  const isComputing = watchComputing(deps);
  const beginMs = waited?.since_ms ?? deps.monotonicMs();
  for (let looks = 0; ; looks++) {
    const now = await readPool(service, deps, pool.first);
    if (isComputing(now.unit)) deps.getsOn();
    const staying = stayingOf(now, pool.leaving, deps);
    const unserved = listUnserved(staying, deps);
    if (unserved.length === 0) break;
    if (deps.monotonicMs() - beginMs > limitMs) {
      const which = unserved.map(({ pid }) => pid).join(', ');
      throw new NotServing(
        EXIT.failed,
        `${unserved.length} of ${staying.length} workers (process ${which}) ${unserved.length === 1 ? 'does' : 'do'} not serve within ${limitMs / 1000} s`,
      );
    }
    if (patience() === 'leave') return 'leave';
    const { livePollMs, slowPollMs } = deps.timing;
    await deps.sleep(looks < QUICK_LOOKS ? livePollMs : slowPollMs);
  }
  deps.getsOn();
  if (waited !== null) change.note({ waited: null });
  return 'serves';
}

/** The workers of a pool that nobody has asked to end. */
export function stayingOf(
  { workerPids }: Pick<Pool, 'workerPids'>,
  leaving: ReadonlyMap<number, ProcessRef>,
  deps: KindDeps,
): ProcessRef[] {
  return workerPids
    .filter((pid) => !leaving.has(pid))
    .map((pid) => ({ pid, startTicks: deps.processes.startTicks(pid) ?? Infinity }));
}
