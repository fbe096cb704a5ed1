import { formatCount } from '../model/wording.ts';
import { listPending } from './journal/journal.ts';
import type { Manifest } from './journal/manifest.ts';
import { canGoForward } from './journal/recovery.ts';
import type { ActDeps } from './ports.ts';

/** A change that a run before has left unfinished, and what the next run does with it before anything else. */
export interface Unfinished {
  /** null: its record does not tell, so that no service is changed before it is looked at */
  service: string | null;
  /** null: the record cannot be read */
  next: 'finish' | 'undo' | null;
  /** for people */
  sentence: string;
}

/** What `recover` would do, oldest first. Nothing is changed by asking. */
export async function foreseeRecovery(deps: ActDeps): Promise<Unfinished[]> {
  const found: Unfinished[] = [];
  for (const { folder, manifest } of await listPending(deps.backupDir)) {
    if ('fault' in manifest) {
      const { service, detail } = manifest;
      const sentence = `${folder}: the record of an unfinished change cannot be read (${detail}); a run reports what to do about it`;
      found.push({ service, next: null, sentence });
      continue;
    }
    const next = await foresee(manifest, deps);
    found.push({ service: manifest.service, next, sentence: describe(manifest, next) });
  }
  return found;
}

async function foresee(manifest: Manifest, deps: ActDeps): Promise<'finish' | 'undo'> {
  if (manifest.outcome !== null) return 'finish';
  if (manifest.undo_because !== null) return 'undo';
  return (await canGoForward(manifest, deps)) ? 'finish' : 'undo';
}

function describe({ service, from, to, at, outcome, drain }: Manifest, next: string): string {
  const what = `${service}: a change ${from} → ${to} of ${at} is unfinished`;
  if (outcome !== null) return `${what}: only its result (${outcome.result}) is left to record`;
  const then =
    next === 'finish'
      ? `completes it first, to ${formatCount(to, 'worker')}`
      : `rolls it back first, to ${formatCount(from, 'worker')}`;
  const once = drain === null ? '' : ', once Celery has finished its running tasks';
  return `${what}: the next run ${then}${once}`;
}
