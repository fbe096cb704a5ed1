import type { Outcome } from '../act/types.ts';
import type { ActionRecord } from '../decide/types.ts';
import { readBootTime } from '../measure/boot-clock.ts';
import { appendEntries } from '../state/history.ts';

/** Notes changes in the history, so that the evidence of their services starts anew. */
export function appendOutcomes(stateDir: string, outcomes: readonly Outcome[]): void {
  const records = outcomes.map(toActionRecord).filter((record) => record !== null);
  if (records.length > 0) appendEntries(stateDir, records);
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
