import { readFollowers } from '../../act/followers.ts';
import type { RestartFacts } from '../../act/plan.ts';
import type { KindName } from '../../model/types.ts';
import { findDoomedSockets } from '../../host/sockets/doomed-sockets.ts';
import { kindNamed } from '../../kinds/registry.ts';
import { findWorkerTree } from '../../kinds/worker-tree.ts';
import { readPropagation } from '../../targets/systemd/propagation.ts';
import { readRestartRules, type RestartRules } from '../../targets/systemd/restart.ts';
import type { UnitState } from '../../model/unit-state.ts';
import { readUnits } from '../../targets/systemd/units.ts';

/**
 * What is known beforehand about the restart of a running service. Only this function asks for it: it costs some calls of
 * systemctl, and a cycle that changes nothing does not need it.
 *
 * @throws UserError if systemd does not answer
 */
export async function readRestart(unit: UnitState, kind: KindName): Promise<RestartFacts> {
  const followers = await readFollowers(unit.unit, { systemd: { readPropagation, readUnits } });
  const also = followers.map((follower) => follower.unit);
  const rules = await readRestartRules(unit.unit, also, kindNamed(kind).pool.isDrained);
  const barrier = rules.refusal ?? (await findMasters(unit)) ?? tellDoomed(rules, unit);
  return { also, barrier };
}

/** What could not be proved after a restart, or would be cut off by it halfway. */
async function findMasters(unit: UnitState): Promise<string | null> {
  const tree = await findWorkerTree(unit);
  if ('error' in tree) return tree.masters === undefined ? null : tree.error;
  return tree.upgrade ?? null;
}

function tellDoomed({ doomedFolders, sockets }: RestartRules, unit: UnitState): string | null {
  const [first] = findDoomedSockets(doomedFolders, unit);
  if (first === undefined) return null;
  const who = first.isSystemds ? (sockets[0] ?? 'systemd') : 'another service';
  return `a restart removes ${doomedFolders.join(', ')} (RuntimeDirectory=), and with it ${first.path}, on which ${who} listens: nobody could connect to it any more (RuntimeDirectoryPreserve=yes in its unit would keep it)`;
}
