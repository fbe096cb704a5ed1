import type { FoundHolders, Holder } from '../../state/lock-holders.ts';

/** Who holds a lock: `process 123 (since 2026-11-24 04:04:15 UTC: node /usr/bin/autoscaler run)`. */
export function nameHolders({ holders, isWhole }: FoundHolders): string {
  const [first, ...others] = holders;
  if (first === undefined) {
    return isWhole
      ? 'a process that cannot be seen from here'
      : 'a process that was not found in time, as there are too many';
  }
  const { pid, uid, isStranger, isStopped, sinceMs, command } = first;
  const since = new Date(sinceMs).toISOString().slice(0, 19).replace('T', ' ');
  const whose = isStranger ? ` of user ${uid}` : '';
  const stopped = isStopped ? ', stopped' : '';
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  return `process ${pid}${whose} (since ${since} UTC${stopped}: ${command})${more}`;
}

/** Why strangers hold a lock that they should not be able to hold; null: there are no strangers. */
export function accuse(path: string, holders: readonly Holder[]): string | null {
  if (!holders.some(({ isStranger }) => isStranger)) return null;
  return `${path} is held by ${nameHolders({ holders: [...holders], isWhole: true })}: only its owner can open this file, so this is an attack or a leaked descriptor`;
}

/** What to do about a lock that is held. */
export function adviseOn(path: string, holders: readonly Holder[]): string {
  const pids = holders.map(({ pid }) => pid).join(' ');
  const [first] = holders;
  if (first === undefined) {
    return `Try again. If it stays locked, and no autoscaler is running in a container or on a host that shares the folder: rm ${path}`;
  }
  if (first.isStranger) {
    return `Kill it, which frees the lock, and find out how it got the descriptor: kill -9 ${pids}`;
  }
  if (first.isStopped) {
    return `It is stopped, and no run can proceed until it continues: kill -CONT ${pids}`;
  }
  return `Wait until it has ended; the timer will try again. While it hangs, no run can proceed: see what it is doing (ps -o pid,stat,wchan:32,etime,args -p ${first.pid}); kill ${first.pid} makes it finish or undo its change, kill -9 ${first.pid} leaves that to the next run.`;
}
