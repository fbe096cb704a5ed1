import type { Logger } from 'pino';
import type { ActDeps } from '../../act/ports.ts';
import type { Outcome } from '../../act/types.ts';
import type { ActionRecord } from '../../model/types.ts';
import { UserError } from '../../errors.ts';
import { readClocks } from '../../host/clock.ts';
import { appendEntries, readSince } from '../../state/history.ts';

/**
 * How far back the history is searched for a change that is already in it. Its end may have been recorded long ago:
 * runs record samples in the meantime.
 */
const KNOWN_MS = 24 * 3_600_000;

/**
 * Records changes in the history, so that the evidence of their services starts over. A change that a run recorded right
 * before it died is not recorded again: the history is read once, since nobody else writes to it while we hold the lock.
 *
 * The returned function throws a UserError if a change cannot be written; that is logged, and the next run tries again.
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
        log?.error({ event: 'history' }, `a change was made but not recorded: ${error.message}`);
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

/** Each result of a change is recorded once; null: the change has no name by which it could be recognized. */
function keyOf({ change, result }: ActionRecord): string | null {
  return change === undefined ? null : `${change} ${result}`;
}

/** null: the change touched nothing (yet). */
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
