import { readdirSync } from 'node:fs';
import type { ActDeps, Recovery } from './types.ts';

/**
 * Finishes or undoes what a run that died (or that did not wait for Celery's tasks) has left. Every
 * command that changes things calls it first, with the lock held. Where nothing is left it costs one
 * listing of a folder. `isWanted`: of which services; all by default.
 */
export async function recover(
  deps: ActDeps,
  isWanted: (service: string) => boolean = () => true,
): Promise<Recovery> {
  const folder = `${deps.backupDir}/changes`;
  let names: string[] = [];
  try {
    names = readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      return { outcomes: [], faults: [`${folder}: ${(error as Error).message}`], blocked: [] };
    }
  }
  if (!names.some((name) => /\.(pending|new)$/.test(name))) {
    return { outcomes: [], faults: [], blocked: [] };
  }
  const { recoverChanges } = await import('./recovery.ts');
  return recoverChanges(deps, isWanted);
}
