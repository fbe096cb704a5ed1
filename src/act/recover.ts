import { readdirSync, statSync } from 'node:fs';
import { whileChanging } from '../host/phase.ts';
import { explainErrno } from '../host-fault.ts';
import type { ActDeps, Recovery } from './types.ts';

const NOTHING: Recovery = { outcomes: [], faults: [], blocked: [], allBlocked: false };

/** Why a service must not be changed in this run, after what was found unfinished; null: it may. */
export function whyBlocked({ blocked, allBlocked }: Recovery, service: string): string | null {
  if (blocked.includes(service)) return 'a change of it is still in progress';
  return allBlocked
    ? 'an unfinished change in the journal may be of any service, so none is changed until it is looked at'
    : null;
}

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
  let names: string[];
  try {
    names = statSync(folder, { throwIfNoEntry: false }) === undefined ? [] : readdirSync(folder);
  } catch (error) {
    return { ...NOTHING, faults: [`${folder}: cannot be read: ${explainErrno(error)}`] };
  }
  if (!names.some((name) => /\.(pending|new)$/.test(name))) return NOTHING;
  const { recoverChanges } = await import('./recovery.ts');
  return whileChanging(() => recoverChanges(deps, isWanted));
}
