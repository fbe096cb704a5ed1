import { listPending } from '../../act/journal/journal.ts';
import type { Unfinished } from '../../act/foresee.ts';
import type { Config } from '../../config/schema/schema.ts';
import { JOURNAL_LOCK, readLock, RUN_LOCK } from '../../state/lock.ts';
import { makeActDeps } from './act-deps.ts';

/**
 * What the next run would do with changes that an earlier run left unfinished; nothing while a run is under way, which may
 * be working on them.
 *
 * @throws UserError if the journal cannot be read
 */
export async function readUnfinished(config: Config): Promise<Unfinished[]> {
  const { state_dir: stateDir, backup_dir: backupDir } = config.global;
  // there are rarely any, and only then is it worth asking who holds the locks
  if ((await listPending(backupDir)).length === 0) return [];
  const locks = [`${stateDir}/${RUN_LOCK}`, `${backupDir}/${JOURNAL_LOCK}`];
  if (locks.some((path) => (readLock(path)?.isHeld ?? false) !== false)) return [];
  const { foreseeRecovery } = await import('../../act/foresee.ts');
  const deps = makeActDeps(config.global, { interruptedMs: () => null, log: null, config });
  return foreseeRecovery(deps);
}
