import type { UnitState } from '../../model/unit-state.ts';
import type { Fault } from '../target.ts';

/** What is not as it should be with a unit that was changed; null: it is up. See `verify` of the target. */
export function verifyUnit(unit: UnitState, countable: boolean): Fault | null {
  const { loadState, activeState, subState, result, mainPid } = unit;
  if (loadState !== 'loaded') return { why: `the unit is ${loadState}`, isFinal: true };
  // a daemon that nobody waits for (Type=oneshot) is the unit's, but systemd calls none its main process
  if (activeState === 'active' && (mainPid !== null || countable)) return null;
  const detail = result === null ? subState : `${subState}, result ${result}`;
  return { why: `the service is ${activeState} (${detail})`, isFinal: activeState === 'failed' };
}
