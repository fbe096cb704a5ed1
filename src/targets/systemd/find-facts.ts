import { createHash } from 'node:crypto';
import type { ServiceFacts } from '../target.ts';
import { toKnown } from './to-located.ts';
import { locateWorkers, readConcurrency } from './unit-file/locate/workers.ts';
import type { UnitSources } from './unit-file/syntax/types.ts';

/** What the files of a unit say; asked only when any of them has changed. */
export function findFacts(sources: UnitSources): ServiceFacts {
  return {
    location: toKnown(locateWorkers(sources)),
    hash: hashUnit(sources),
    concurrency: readConcurrency(sources),
  };
}

/** A short text that differs when a file of the unit has been edited, added or removed. */
function hashUnit({ fragment, dropIns, environmentFiles }: UnitSources): string {
  const files = [fragment, ...dropIns, ...environmentFiles].map((file) => [file?.path, file?.text]);
  return createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 12);
}
