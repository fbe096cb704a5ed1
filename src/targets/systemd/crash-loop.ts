import type { UnitState } from '../../model/unit-state.ts';

/** What of a unit says that it ends by itself and is started again (`Restart=`). */
export type Restarted = Pick<UnitState, 'activeState' | 'subState' | 'nRestarts' | 'result'>;

/**
 * What systemd says of a service that has ended by itself and that it starts again, or no longer does, as the end of a
 * sentence about it; null: nothing of the kind.
 *
 * `NRestarts` alone says nothing: it counts for as long as nobody starts the service by hand, a Celery worker with
 * `Restart=always` that was asked to end (a change of ours) included.
 */
export function tellRestarting({
  activeState,
  subState,
  nRestarts,
  result,
}: Restarted): string | null {
  const count = countRestarts(nRestarts ?? 0);
  if (activeState === 'failed' && result === 'start-limit-hit') {
    return `it kept exiting, and systemd has given up on it (start-limit-hit): ${count}`;
  }
  if (!subState.startsWith('auto-restart')) return null;
  const how = result === null || result === 'success' ? '' : `, result ${result}`;
  return `it has exited, and systemd is restarting it (${subState}${how}): ${count} so far`;
}

/** The same of one that is no longer the process that it was at an earlier look: systemd, and not somebody by hand, did it. */
export function tellRestartedSince(now: Restarted, before: Restarted): string | null {
  const times = now.nRestarts ?? 0;
  // one that somebody has restarted or stopped is counted from 0
  const isBySystemd = times > (before.nRestarts ?? 0) || now.subState.startsWith('auto-restart');
  return isBySystemd
    ? `it keeps exiting: ${countRestarts(times)}, and it has exited once more while it was watched`
    : null;
}

/** `systemd has restarted it 3 times`. */
function countRestarts(times: number): string {
  return `systemd has restarted it ${times} ${times === 1 ? 'time' : 'times'}`;
}
