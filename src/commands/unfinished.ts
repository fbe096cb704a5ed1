import type { Unfinished } from '../act/foresee.ts';
import type { Config } from '../config/schema.ts';
import { readLockHolder } from '../state/lock.ts';
import { makeActDeps } from './act-deps.ts';

/**
 * What the next run would do with changes that a run before has left unfinished; nothing while a run is under way,
 * which may be at them.
 *
 * @throws UserError where the journal cannot be read
 */
export async function readUnfinished(config: Config): Promise<Unfinished[]> {
  if (readLockHolder(config.global.state_dir) !== null) return [];
  const { foreseeRecovery } = await import('../act/foresee.ts');
  const deps = makeActDeps(config.global, { interrupted: () => false, log: null, config });
  return foreseeRecovery(deps);
}
