import { UserError } from '../errors.ts';
import { readUnitSources } from '../measure/unit-sources.ts';
import type { UnitState } from '../systemd/types.ts';
import type { Concurrency } from '../unit-file/gunicorn-concurrency.ts';
import { readConcurrency } from '../unit-file/workers.ts';

/** How the workers of a Gunicorn service serve; null: it is none, or its files cannot be read. */
export function readGunicorn(unit: UnitState): Concurrency | null {
  try {
    return readConcurrency(readUnitSources(unit));
  } catch (error) {
    // which is said of the service itself
    if (error instanceof UserError) return null;
    throw error;
  }
}
