import type { Manifest } from '../../act/journal/manifest.ts';
import { renderTable } from '../../output/table.ts';

/** One change as `rollback --list --json` prints it. */
export interface ListedChange {
  id: string;
  at: string;
  service: string;
  project: string | null;
  action: Manifest['action'];
  from: number;
  to: number;
  /** `open`: it has not ended yet */
  outcome: 'applied' | 'undone' | 'failed' | 'open';
  /** taken back by a later rollback */
  rolled_back: boolean;
  reason: string;
  why: string;
  files: string[];
}

/** Changes as data, in the order given. */
export function listChanges(changes: Manifest[]): ListedChange[] {
  const undone = new Set(
    changes.filter(({ outcome }) => outcome?.result === 'applied').flatMap(({ undoes }) => undoes),
  );
  return changes.map((change) => ({
    id: change.id,
    at: change.at,
    service: change.service,
    project: change.project,
    action: change.action,
    from: change.from,
    to: change.to,
    outcome: change.outcome?.result ?? 'open',
    rolled_back: undone.has(change.id),
    reason: change.reason,
    why: change.outcome?.why ?? change.undo_because ?? '',
    files: change.files.map(({ path }) => path),
  }));
}

/** The table of `rollback --list`, oldest first. */
export function renderChanges(changes: Manifest[]): string {
  if (changes.length === 0) return 'No changes: every service is as it was.\n';
  const rows = listChanges(changes).map((change) => [
    change.at.replace('T', ' ').replace(/\.\d+Z$/, ' UTC'),
    change.service,
    `${change.from} → ${change.to}`,
    change.rolled_back ? 'rolled back' : change.outcome,
    change.outcome === 'applied' || change.why === ''
      ? change.reason
      : `${change.reason}; ${change.outcome}: ${change.why}`,
  ]);
  return renderTable(['WHEN', 'SERVICE', 'WORKERS', 'OUTCOME', 'WHY'], rows);
}
