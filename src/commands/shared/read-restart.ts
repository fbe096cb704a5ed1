import { readFollowers } from '../../act/followers.ts';
import type { RestartFacts } from '../../act/plan.ts';
import type { KindName } from '../../model/types.ts';
import { kindNamed } from '../../kinds/registry.ts';
import { findWorkerTree } from '../../kinds/worker-tree.ts';
import type { UnitState } from '../../model/unit-state.ts';
import { TARGET } from '../../targets/registry.ts';

/**
 * What is known beforehand about the restart of a running service. Only this function asks for it: it costs some calls of
 * the target, and a cycle that changes nothing does not need it.
 *
 * @throws UserError if the target does not answer
 */
export async function readRestart(unit: UnitState, kind: KindName): Promise<RestartFacts> {
  const followers = await readFollowers(unit.unit, { target: TARGET });
  const also = followers.map((follower) => follower.unit);
  const { isDrained } = kindNamed(kind).pool;
  const barrier = (await findMasters(unit)) ?? (await TARGET.findBarrier(unit, also, isDrained));
  return { also, barrier };
}

/** What could not be proved after a restart, or would be cut off by it halfway. */
async function findMasters(unit: UnitState): Promise<string | null> {
  const tree = await findWorkerTree(unit);
  if ('error' in tree) return tree.masters === undefined ? null : tree.error;
  return tree.upgrade ?? null;
}
