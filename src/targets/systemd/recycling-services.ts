import type { UnitState } from '../../model/unit-state.ts';
import { readGunicorn } from './read-concurrency.ts';

/** Whether the workers of a service may end by themselves and be replaced (`max_requests`); asked once of each. */
export function recyclingServices(): (unit: UnitState) => Promise<boolean> {
  const known = new Map<string, Promise<boolean>>();
  return (unit) => {
    const found = known.get(unit.unit) ?? mayRecycle(unit);
    known.set(unit.unit, found);
    return found;
  };
}

async function mayRecycle(unit: UnitState): Promise<boolean> {
  const told = (await readGunicorn(unit))?.maxRequests ?? null;
  return told === 'unknown' || (told !== null && Number(told.text) !== 0);
}
