import { createHash } from 'node:crypto';
import type { KnownLocation, UnitSources } from './unit-file/syntax/types.ts';
import { locateWorkers, readConcurrency } from './unit-file/locate/workers.ts';
import type { Concurrency } from '../../kinds/gunicorn/concurrency.ts';

/** What is known of a unit from its files alone. */
export interface UnitFacts {
  location: KnownLocation;
  /** differs when a file of the unit has been edited, added or removed */
  hash: string;
  /** how its Gunicorn workers serve requests; null: it has none, or which command starts them is not to be told */
  concurrency: Concurrency | null;
}

/** What the files of a unit say; asked only when any of them has changed. */
export function findFacts(sources: UnitSources): UnitFacts {
  return {
    location: withoutText(locateWorkers(sources)),
    hash: hashUnit(sources),
    concurrency: readConcurrency(sources),
  };
}

function withoutText(location: KnownLocation): KnownLocation {
  if (location.how === 'refused') return location;
  const { how, kind, workers } = location;
  if (how === 'splice') return { how, kind, workers };
  const { assumed, whenDown, stale } = location;
  return { how, kind, workers, assumed, whenDown, stale };
}

/** A short text that differs when a file of the unit has been edited, added or removed. */
function hashUnit({ fragment, dropIns, environmentFiles }: UnitSources): string {
  const files = [fragment, ...dropIns, ...environmentFiles].map((file) => [file?.path, file?.text]);
  return createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 12);
}
