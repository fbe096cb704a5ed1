import { join } from 'node:path';
import { chainOf } from './chain.ts';
import { changesFolder, listFinished, removeChange } from './journal.ts';
import type { Manifest } from './manifest.ts';

/** How many finished changes of a service are kept … */
const KEEP_COUNT = 50;
/** … and for how long. */
const KEEP_MS = 90 * 86_400_000;

/**
 * Removes the backups of a service beyond the newest 50 or older than 90 days. The first one of
 * all stays for ever, and the first backup of each file since the last rollback (it is what a rollback
 * restores), and so does the newest change (numbers go on from it).
 */
export async function pruneBackups(backupDir: string, service: string, now: Date): Promise<void> {
  for (const { id } of selectObsolete(await listFinished(backupDir, service), now)) {
    await removeChange(backupDir, join(changesFolder(backupDir), id));
  }
}

/** The changes of one service (oldest first) that need not be kept. */
export function selectObsolete(finished: Manifest[], now: Date): Manifest[] {
  const needed = new Set<string>();
  const paths = new Set<string>();
  const chain = chainOf(finished);
  for (const change of [finished[0], chain[0], chain.at(-1), finished.at(-1)]) {
    if (change !== undefined) needed.add(change.id);
  }
  for (const change of chain) {
    for (const { path } of change.files) {
      if (!paths.has(path)) needed.add(change.id);
      paths.add(path);
    }
  }
  const obsolete = finished.filter(
    ({ id, at }, index) =>
      !needed.has(id) &&
      (index < finished.length - KEEP_COUNT || now.getTime() - Date.parse(at) > KEEP_MS),
  );
  const gone = new Set(obsolete.map(({ id }) => id));
  // without its rollback a change would count as in force again
  return obsolete.filter(({ undoes }) => undoes.every((id) => gone.has(id) || !isIn(finished, id)));
}

function isIn(changes: Manifest[], id: string): boolean {
  return changes.some((change) => change.id === id);
}
