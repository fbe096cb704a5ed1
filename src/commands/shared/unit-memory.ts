import { toUnitMemory, type UnitMemory } from '../../targets/systemd/unit-facts.ts';
import { recall, remember } from '../../state/remembered.ts';

const NAME = 'units.known';

type Kept = Pick<UnitMemory, 'cpus' | 'units'>;

/** What earlier runs found out of units. */
export function recallUnits(stateDir: string): UnitMemory {
  return toUnitMemory(recall<Kept>(stateDir, NAME));
}

/** Keeps it for the next run, where there is something new. */
export function keepUnits(stateDir: string, { cpus, units, hasChanged }: UnitMemory): void {
  if (hasChanged) remember<Kept>(stateDir, NAME, { cpus, units });
}
