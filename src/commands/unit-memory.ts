import { toUnitMemory, type UnitMemory } from '../measure/unit-facts.ts';
import { recall, remember } from '../state/remembered.ts';
import type { KnownStates } from '../systemd/known-states.ts';

const NAME = 'units.known';

/** What goes from run to run to save work: what systemd said of units, and what was found in their files. */
export interface RunMemory {
  systemd: KnownStates;
  files: UnitMemory;
}

type Kept = Pick<UnitMemory, 'cpus' | 'units'> & Pick<KnownStates, 'states'>;

/** What earlier runs found out of units. */
export function recallUnits(stateDir: string): RunMemory {
  const kept = recall<Kept>(stateDir, NAME);
  const systemd = { states: kept?.states ?? {}, wasUsed: false, hasChanged: false };
  return { systemd, files: toUnitMemory(kept) };
}

/** Keeps it for the next run, where there is something new. */
export function keepUnits(stateDir: string, { systemd, files }: RunMemory): void {
  if (!systemd.hasChanged && !files.hasChanged) return;
  const { cpus, units } = files;
  remember<Kept>(stateDir, NAME, { cpus, units, states: systemd.states });
}
