import type { Refusal } from '../../../../kinds/command/source.ts';
import type { KnownLocation } from '../syntax/types.ts';

/** A location where something outside of the unit may set the number: then it is what runs, where that is known. */
export function assumeRunning<T extends KnownLocation>(
  location: T,
  running: number | null,
): T | Refusal {
  if (location.how !== 'drop_in' || !location.assumed) return location;
  return running === null ? (location.whenDown ?? location) : { ...location, workers: running };
}
