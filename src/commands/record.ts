import type { Logger } from 'pino';
import type { Outcome } from '../act/types.ts';
import type { ActionRecord } from '../decide/types.ts';
import { UserError } from '../errors.ts';
import { readBootTime } from '../measure/boot-clock.ts';
import { appendEntries } from '../state/history.ts';

/**
 * Notes changes in the history, so that the evidence of their services starts anew. Where that cannot be
 * written it is said, and no more: the changes are made, and the services after them are to be served.
 */
export function appendOutcomes(stateDir: string, outcomes: readonly Outcome[], log: Logger): void {
  const records = outcomes.map(toActionRecord).filter((record) => record !== null);
  if (records.length === 0) return;
  try {
    appendEntries(stateDir, records);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    log.error({ event: 'history' }, `a change was made but not noted: ${error.message}`);
  }
}

/** null for what touched nothing (yet). */
function toActionRecord(outcome: Outcome): ActionRecord | null {
  const { service, action, from, to, result, reason } = outcome;
  if (result === 'refused' || result === 'draining') return null;
  const { boot, uptimeS } = readBootTime();
  const at = new Date().toISOString();
  return {
    v: 1,
    kind: 'action',
    at,
    boot,
    uptime_s: uptimeS,
    service,
    action,
    from,
    to,
    result,
    reason,
  };
}
