import { toUnitMemory, type UnitMemory } from '../measure/unit-facts.ts';
import { recall, remember } from '../state/remembered.ts';

const NAME = 'units.known';

/** What earlier runs found out of units from their files. */
export function recallUnits(stateDir: string): UnitMemory {
  return toUnitMemory(recall<Pick<UnitMemory, 'cpus' | 'units'>>(stateDir, NAME));
}

/** Keeps it for the next run, where there is something new. */
export function keepUnits(stateDir: string, { cpus, units, hasChanged }: UnitMemory): void {
  if (hasChanged) remember(stateDir, NAME, { cpus, units });
}
