import type { UnitState } from '../../model/unit-state.ts';
import { readGunicorn } from './read-gunicorn.ts';

/** Whether the workers of a service may end by themselves and be replaced (`max_requests`); asked once of each. */
export function recyclingServices(): (unit: UnitState) => boolean {
  const known = new Map<string, boolean>();
  return (unit) => {
    const found = known.get(unit.unit) ?? mayRecycle(unit);
    known.set(unit.unit, found);
    return found;
  };
}

function mayRecycle(unit: UnitState): boolean {
  const told = readGunicorn(unit)?.maxRequests ?? null;
  return told === 'unknown' || (told !== null && Number(told.text) !== 0);
}
