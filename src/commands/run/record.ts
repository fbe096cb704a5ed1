import type { Logger } from 'pino';
import type { ActDeps } from '../../act/ports.ts';
import type { Outcome } from '../../act/types.ts';
import type { ActionRecord } from '../../model/types.ts';
import { UserError } from '../../errors.ts';
import { readClocks } from '../../host/clock.ts';
import { appendEntries, readSince } from '../../state/history.ts';

/** Within it a change whose end could not be noted is known again: runs note samples in the meantime. */
const KNOWN_MS = 24 * 3_600_000;

/**
 * Notes changes in the history, so that the evidence of their services starts over. One that a run noted right before it
 * died is not noted again: what the history holds is read once, since nobody else writes to it while we hold the lock.
 *
 * What it answers throws a UserError where a change cannot be written; that is said, and the next run does it.
 */
export function openRecord(stateDir: string, log: Logger | null): ActDeps['record'] {
  let noted: Set<string> | null = null;
  return (outcome) => {
    const record = toActionRecord(outcome);
    if (record === null) return;
    try {
      noted ??= readNoted(stateDir);
      const key = keyOf(record);
      if (key !== null && noted.has(key)) return;
      appendEntries(stateDir, [record]);
      if (key !== null) noted.add(key);
    } catch (error) {
      if (error instanceof UserError) {
        log?.error({ event: 'history' }, `a change was made but not noted: ${error.message}`);
      }
      throw error;
    }
  };
}

function readNoted(stateDir: string): Set<string> {
  const now = readClocks();
  const { entries } = readSince(stateDir, now.ms - KNOWN_MS, now);
  const keys = entries.map(({ entry }) => (entry.kind === 'action' ? keyOf(entry) : null));
  return new Set(keys.filter((key) => key !== null));
}

/** A change that cannot be taken back is noted with each result once; null: it has no name to be known again by. */
function keyOf({ change, result }: ActionRecord): string | null {
  return change === undefined ? null : `${change} ${result}`;
}

/** null for what touched nothing (yet). */
function toActionRecord(outcome: Outcome): ActionRecord | null {
  const { service, action, from, to, result, reason, changeId } = outcome;
  if (result === 'refused' || result === 'draining' || result === 'waiting') return null;
  const { ms, boot, uptimeS } = readClocks();
  return {
    ...{ v: 1, kind: 'action', at: new Date(ms).toISOString(), boot, uptime_s: uptimeS },
    ...{ service, action, from, to, result, reason },
    ...(changeId === null ? {} : { change: changeId }),
  };
}
