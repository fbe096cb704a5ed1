import type { Refusal } from '../../kinds/command/source.ts';
import type { KnownLocation, Located } from '../target.ts';
import type { Location } from './unit-file/syntax/types.ts';

/** What a location says of any service. */
export function toKnown(location: Location): KnownLocation {
  if (location.how === 'refused') return location;
  const { kind, workers } = location;
  const { assumed, whenDown, stale } =
    location.how === 'splice' ? { assumed: false, whenDown: null, stale: false } : location;
  return { how: 'known', kind, workers, assumed, whenDown, stale };
}

/** The same with the place of the number. */
export function toLocated(location: Location): Located {
  if (location.how === 'refused') return location;
  const known = toKnown(location) as Exclude<KnownLocation, Refusal>;
  const { path } = location;
  const place =
    location.how === 'splice' ? { path, start: location.start, end: location.end } : null;
  return { ...known, path, place };
}
