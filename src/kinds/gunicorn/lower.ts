import type { KindDeps, ProcessRef, PoolChange } from '../ports.ts';
import { readPool, watch } from '../shared/pool.ts';
import { listUnserved, NotServing, stayingOf, untilServing, type Resizing } from './serving.ts';
import { signalMaster } from './signal-master.ts';
import { portOf } from '../shared/port-of.ts';
import { gunicornPorts } from './ports.ts';

/**
 * Takes one worker away. On SIGTTOU the master ends the oldest, so as long as one has never served, that one goes, and
 * no other. `leave`: some still load, and are left to the next run. `kept`: why no worker could be taken away
 * without one that serves; null: one was.
 */
export async function lowerByOne(
  change: PoolChange,
  seen: Resizing,
  deps: KindDeps,
): Promise<{ kept: string } | 'leave' | null> {
  const { service, isUndoing } = change;
  let pool = seen;
  // on the way back they have had their time
  if (!isUndoing && listUnserved(pool.staying, deps).length > 0) {
    try {
      // another look at the pool comes first
      return (await untilServing(change, pool, deps)) === 'leave' ? 'leave' : null;
    } catch (error) {
      if (!(error instanceof NotServing)) throw error;
      const now = await readPool(service, deps, pool.first);
      pool = { ...pool, staying: stayingOf(now, pool.leaving, deps) };
    }
  }
  const unserved = await untilKnown(pool, deps);
  if (unserved.length === 0) {
    await endOldest(service, pool, deps);
    return null;
  }
  const [oldest, second] = byAge(pool.staying);
  if (oldest !== undefined && unserved.includes(oldest) && isOlder(oldest, second)) {
    await endOldest(service, pool, deps);
    // the master has asked it to end, which it will not hear before it has loaded
    if (pool.leaving.delete(oldest.pid)) deps.processes.kill(oldest, pool.first.controlGroup);
    return null;
  }
  return withdraw(service, pool, byAge(unserved), deps);
}

/** Those that never served; one that is too young to tell is waited for, a second at most. */
async function untilKnown({ staying }: Resizing, deps: KindDeps): Promise<ProcessRef[]> {
  const { hasBooted } = portOf(gunicornPorts, deps);
  for (let looks = 0; looks < 30; looks++) {
    const unserved = listUnserved(staying, deps);
    if (unserved.every(({ pid }) => hasBooted(pid) === false)) return unserved;
    await deps.sleep(deps.timing.livePollMs);
  }
  return listUnserved(staying, deps);
}

async function withdraw(
  service: string,
  { first, staying }: Resizing,
  unserved: ProcessRef[],
  deps: KindDeps,
): Promise<{ kept: string } | null> {
  const youngest = unserved.at(-1);
  if (youngest === undefined) return null;
  const master = { pid: first.masterPid, startTicks: first.masterStartTicks };
  deps.step('withdraw a worker');
  const answer = await portOf(gunicornPorts, deps).withdraw(master, youngest, first.controlGroup);
  if (typeof answer === 'object') return { kept: answer.why };
  // One that serves by now is asked to end as any other, by the next step. One that is gone was ended by its master, which
  // has a limit of its own (--timeout); there is another one now.
  if (answer !== 'withdrawn') return null;
  const isLower = ({ workerPids }: { workerPids: number[] }): boolean =>
    workerPids.length < staying.length;
  await watch(() => readPool(service, deps, first), isLower, deps.timing.reactMs, deps);
  return null;
}

async function endOldest(
  service: string,
  { first, staying, leaving }: Resizing,
  deps: KindDeps,
): Promise<void> {
  const [oldest] = byAge(staying);
  if (oldest === undefined) return;
  signalMaster(first, 'SIGTTOU', deps);
  const isGone = ({ workerPids }: { workerPids: number[] }): boolean =>
    staying.some(({ pid }) => !workerPids.includes(pid));
  const now = await watch(
    () => readPool(service, deps, first),
    isGone,
    deps.timing.pollMs * 4,
    deps,
  );
  if (!isGone(now)) leaving.set(oldest.pid, oldest);
}

function byAge(workers: readonly ProcessRef[]): ProcessRef[] {
  return [...workers].sort((a, b) => a.startTicks - b.startTicks || a.pid - b.pid);
}

/** Started in a hundredth of a second before the other, not in the same. */
function isOlder(worker: ProcessRef, other: ProcessRef | undefined): boolean {
  return other === undefined || worker.startTicks < other.startTicks;
}
