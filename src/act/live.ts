import { kindNamed } from '../kinds/registry.ts';
import type { KindName } from '../model/types.ts';
import { toPoolChange } from './pool-change.ts';
import type { Resized } from '../kinds/ports.ts';
import { EXIT, UserError } from '../errors.ts';
import type { UnitState } from '../model/unit-state.ts';
import { saveChange, type Change } from './journal/checkpoint.ts';
import { findCrashing } from './crashing.ts';
import type { ActDeps } from './ports.ts';
import { isRunning } from '../model/unit-state.ts';
import { readUnit } from '../kinds/shared/unit.ts';

/** Why the running service cannot be changed without a restart; null: it can. Nothing is changed by asking. */
export async function findObstacle(
  kind: KindName,
  unit: UnitState,
  deps: ActDeps,
): Promise<string | null> {
  const crashing = await findCrashing(unit, deps);
  if (crashing !== null) return crashing;
  const tree = await deps.findWorkerTree(unit);
  if ('error' in tree) return `its main process cannot be identified with certainty: ${tree.error}`;
  return (await kindNamed(kind).actions()).findObstacle(tree, unit, deps);
}

/**
 * Changes the pool of the running service to the change's number, or back where it is undone. It looks at
 * what runs and asks for the difference, so that it can be called again at any time: what was asked for
 * already is not asked for twice. `impossible`: only a restart helps, and is allowed.
 *
 * @throws UserError where the pool does not get there
 */
export async function resizeLive(change: Change, deps: ActDeps): Promise<Resized | 'impossible'> {
  const { service, kind, from, to, undo_because: undoing, live_only, action } = change.manifest;
  const unit = await readUnit(service, deps);
  // a service that went down in our hands is brought up again, whatever it takes
  if (!isRunning(unit)) return giveUpLive(change, deps);
  const obstacle = await findObstacle(kind, unit, deps);
  if (obstacle !== null) {
    if (live_only !== true && action !== 'heal') return giveUpLive(change, deps);
    throw new UserError(EXIT.failed, obstacle);
  }
  const target = undoing === null ? to : from;
  const { resize } = await kindNamed(kind).actions();
  return resize(toPoolChange(change, deps), target, deps);
}

function giveUpLive(change: Change, deps: ActDeps): 'impossible' {
  saveChange(change, { resize: 'restart' }, deps);
  return 'impossible';
}
