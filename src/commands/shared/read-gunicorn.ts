import { UserError } from '../../errors.ts';
import { readUnitSources } from '../../targets/systemd/unit-sources.ts';
import type { UnitState } from '../../model/unit-state.ts';
import type { Concurrency } from '../../kinds/gunicorn/concurrency.ts';
import { readConcurrency } from '../../targets/systemd/unit-file/locate/workers.ts';

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
