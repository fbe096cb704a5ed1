import type { Refusal } from '../kinds/command/source.ts';

/** A number that may be set elsewhere; see `KnownLocation`. */
interface Assumable {
  workers: number;
  assumed: boolean;
  whenDown: Refusal | null;
}

/** A location where something outside of the service's own files may set the number: then it is what runs, if that is known. */
export function assumeRunning<T extends Assumable>(
  location: T | Refusal,
  running: number | null,
): T | Refusal {
  if ('message' in location || !location.assumed) return location;
  return running === null ? (location.whenDown ?? location) : { ...location, workers: running };
}
