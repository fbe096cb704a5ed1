import type { Logger } from 'pino';
import type { Outcome } from '../act/types.ts';
import type { ActionRecord } from '../decide/types.ts';
import { UserError } from '../errors.ts';
import { readBootTime } from '../measure/boot-clock.ts';
import { appendEntries, readSince } from '../state/history.ts';

/** Within it a change whose end could not be noted is known again: runs note samples in the meantime. */
const KNOWN_MS = 24 * 3_600_000;

/**
 * Notes a change in the history, so that the evidence of its service starts anew. One that a run noted
 * right before it died is not noted again.
 *
 * @throws UserError where it cannot be written; that is said, and the next run does it
 */
export function appendOutcome(stateDir: string, outcome: Outcome, log: Logger | null): void {
  const record = toActionRecord(outcome);
  if (record === null) return;
  try {
    appendOnce(stateDir, record);
  } catch (error) {
    if (error instanceof UserError) {
      log?.error({ event: 'history' }, `a change was made but not noted: ${error.message}`);
    }
    throw error;
  }
}

function appendOnce(stateDir: string, record: ActionRecord): void {
  const now = { ms: Date.now(), ...readBootTime() };
  const { entries } = readSince(stateDir, now.ms - KNOWN_MS, now);
  const isNoted = entries.some(
    ({ entry }) =>
      entry.kind === 'action' && entry.change === record.change && entry.result === record.result,
  );
  if (!isNoted) appendEntries(stateDir, [record]);
}

/** null for what touched nothing (yet). */
function toActionRecord(outcome: Outcome): ActionRecord | null {
  const { service, action, from, to, result, reason, changeId } = outcome;
  if (result === 'refused' || result === 'draining') return null;
  const { boot, uptimeS } = readBootTime();
  return {
    ...{ v: 1, kind: 'action', at: new Date().toISOString(), boot, uptime_s: uptimeS },
    ...{ service, action, from, to, result, reason },
    ...(changeId === null ? {} : { change: changeId }),
  };
}
