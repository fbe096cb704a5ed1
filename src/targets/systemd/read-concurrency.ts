import { UserError } from '../../errors.ts';
import { readUnitSources } from './unit-sources.ts';
import type { UnitState } from '../../model/unit-state.ts';
import type { Concurrency } from '../../kinds/gunicorn/concurrency.ts';

/** How the workers of a Gunicorn service serve; null: it is none, or its files cannot be read. */
export async function readGunicorn(unit: UnitState): Promise<Concurrency | null> {
  // only a change asks for it, and the parser of units is not small
  const { readConcurrency } = await import('./unit-file/locate/workers.ts');
  try {
    return readConcurrency(readUnitSources(unit));
  } catch (error) {
    // which is said of the service itself
    if (error instanceof UserError) return null;
    throw error;
  }
}
