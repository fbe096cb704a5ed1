import type { Recovering } from '../types.ts';
import { readdirSync, statSync } from 'node:fs';
import { explainErrno } from '../../host/fault.ts';
import type { SideBySide } from '../side-by-side.ts';
import type { ActDeps } from '../ports.ts';
import type { Outcome, Recovery } from '../types.ts';

/** Why a service must not be changed in this run, after what was found unfinished; null: it may. */
export function whyBlocked({ blocked, allBlocked }: Recovery, service: string): string | null {
  if (blocked.includes(service)) return 'a change of it is still in progress';
  return allBlocked
    ? 'an unfinished change in the journal may concern any service, so none is changed until it is dealt with'
    : null;
}

/**
 * Begins to finish or undo what a run that died (or that did not wait for Celery's tasks) has left, `beside` one another
 * and before all that is added there later; `tell` hears of each change that it has dealt with, `depsOf` what a
 * service is dealt with by, where that differs. Every command that changes
 * things calls it first, with the lock held. Where nothing is left it costs one listing of a folder.
 */
export async function startRecovery(
  deps: ActDeps,
  beside: SideBySide,
  report: (outcome: Outcome) => void = () => undefined,
  depsOf: (service: string) => ActDeps = () => deps,
): Promise<Recovering> {
  const recovery: Recovery = { outcomes: [], faults: [], blocked: [], allBlocked: false };
  const nothing = { recovery, ended: Promise.resolve() };
  const folder = `${deps.backupDir}/changes`;
  let names: string[];
  try {
    names = statSync(folder, { throwIfNoEntry: false }) === undefined ? [] : readdirSync(folder);
  } catch (error) {
    recovery.faults.push(`${folder}: cannot be read: ${explainErrno(error)}`);
    return nothing;
  }
  if (!names.some((name) => /\.(pending|new)$/.test(name))) return nothing;
  const { recoverChanges } = await import('./recovery.ts');
  return recoverChanges(recovery, { deps, beside, tell: report, depsOf });
}
