import { readPoliciesAt } from '../../config/policy/policies-at.ts';
import type { Config } from '../../config/schema/schema.ts';
import { decide } from '../../decide/decide.ts';
import type { ActionRecord, Decision, HistoryEntry, Policy, Sample } from '../../model/types.ts';
import { historyNeededMs } from '../../decide/evidence/window.ts';
import { readRecent } from '../../state/history.ts';
import { openControls } from './controls.ts';

/** What the last run saw, and what it decided. */
export interface Recorded {
  policies: Policy[];
  /** what they will be at a given moment, by the time windows that are open then */
  policiesAt: (ms: number) => Policy[];
  intervalMs: number;
  /** up to the last sample, oldest first */
  history: HistoryEntry[];
  /** null: nothing has ever been recorded */
  sample: Sample | null;
  /** changes after the last sample: by the run that took it, or by hand */
  after: ActionRecord[];
  /** by service */
  decisions: Map<string, Decision>;
  warnings: string[];
}

/**
 * Repeats the decisions of the last run from what it recorded, under the schedules, pauses and pins in force now: nothing
 * is measured. The config must have each service under its own name.
 *
 * @throws UserError permission or failed if the history cannot be read or cannot be trusted
 */
export async function readRecorded(config: Config): Promise<Recorded> {
  const readAt = await readPoliciesAt(config);
  const addControls = openControls(config.global.state_dir);
  const policiesAt = (ms: number): Policy[] => addControls(readAt(new Date(ms)));
  const policies = policiesAt(Date.now());
  const intervalMs = config.global.check_interval_seconds * 1000;
  const needed = historyNeededMs(policies, intervalMs);
  const { entries, warnings } = readRecent(config.global.state_dir, needed);
  const end = entries.findLastIndex(({ kind }) => kind === 'sample') + 1;
  const history = entries.slice(0, end);
  const decisions = decide({ policies, history, checkIntervalMs: intervalMs });
  return {
    ...{ policies, policiesAt, intervalMs, history, warnings },
    sample: history.findLast((entry) => entry.kind === 'sample') ?? null,
    after: entries.slice(end).filter((entry) => entry.kind === 'action'),
    decisions: new Map(decisions.map((decision) => [decision.service, decision])),
  };
}
