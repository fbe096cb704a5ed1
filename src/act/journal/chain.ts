import type { Manifest } from './manifest.ts';

/**
 * The changes of one service that are in force: applied, and not taken back by a rollback that was
 * applied. `finished` are its finished changes, oldest first, and so is the answer. The first of the
 * chain holds the files as they were before we came.
 */
export function chainOf(finished: Manifest[]): Manifest[] {
  const applied = finished.filter((change) => change.outcome?.result === 'applied');
  const undone = new Set(applied.flatMap((change) => change.undoes));
  return applied.filter(
    (change) => change.action !== 'rollback' && change.action !== 'heal' && !undone.has(change.id),
  );
}
