import type { KnownLocation } from './types.ts';

/** A location where nothing but the app may set the number: then it is what runs, where that is known. */
export function assumeRunning<T extends KnownLocation>(location: T, running: number | null): T {
  const isAssumed = location.how === 'drop_in' && location.assumed;
  return isAssumed && running !== null ? { ...location, workers: running } : location;
}
