import type { UnitState } from '../../model/unit-state.ts';
import type { KindTarget } from '../ports.ts';

/** Whether the workers of a service may end by themselves and be replaced (`max_requests`); each service is looked at once. */
export function rememberRecycling({
  readConcurrency,
}: Pick<KindTarget, 'readConcurrency'>): (unit: UnitState) => Promise<boolean> {
  const known = new Map<string, Promise<boolean>>();
  const mayRecycle = async (unit: UnitState): Promise<boolean> => {
    const told = (await readConcurrency(unit))?.maxRequests ?? null;
    return told === 'unknown' || (told !== null && Number(told.text) !== 0);
  };
  return (unit) => {
    const found = known.get(unit.unit) ?? mayRecycle(unit);
    known.set(unit.unit, found);
    return found;
  };
}
