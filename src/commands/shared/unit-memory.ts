import type { ServiceMemory } from '../../measure/services.ts';
import { toUnitMemory, type UnitMemory } from '../../targets/systemd/unit-facts.ts';
import { recall, remember } from '../../state/remembered.ts';
import type { KnownStates } from '../../targets/systemd/known-states.ts';
import { noTrees, type KnownTrees } from '../../targets/systemd/known-trees.ts';

const NAME = 'units.known';

/** What goes from run to run to save work: what systemd said of units, their files and their processes. */
export interface RunMemory extends ServiceMemory {
  systemd: KnownStates;
}

type Kept = Pick<UnitMemory, 'cpus' | 'units'> &
  Pick<KnownStates, 'states'> &
  Pick<KnownTrees, 'trees'>;

/** What earlier runs found out of units. */
export function recallUnits(stateDir: string): RunMemory {
  const kept = recall<Kept>(stateDir, NAME);
  const systemd = { states: kept?.states ?? {}, wasUsed: false, hasChanged: false };
  const trees = kept?.trees ?? {};
  return { systemd, files: toUnitMemory(kept), trees: { ...noTrees(), trees } };
}

/** Keeps it for the next run, where there is something new. */
export function keepUnits(stateDir: string, { systemd, files, trees }: RunMemory): void {
  if (!systemd.hasChanged && !files.hasChanged && !trees.hasChanged) return;
  const { cpus, units } = files;
  remember<Kept>(stateDir, NAME, { cpus, units, states: systemd.states, trees: trees.trees });
}
