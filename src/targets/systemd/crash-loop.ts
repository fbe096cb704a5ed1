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

/** `systemd has restarted it 3 times`. */
export function countRestarts(times: number): string {
  return `systemd has restarted it ${times} ${times === 1 ? 'time' : 'times'}`;
}
