import type { Logger } from 'pino';
import { readPoliciesAt } from '../../config/policy/policies-at.ts';
import type { Config } from '../../config/schema/schema.ts';
import { decide } from '../../decide/decide.ts';
import { historyNeededMs } from '../../decide/evidence/window.ts';
import { carryBrakes } from '../../decide/limits/brake-memory.ts';
import { mayGrow } from '../../decide/limits/may-grow.ts';
import { enterPhase } from '../../host/phase.ts';
import { takeSample } from '../../measure/sample.ts';
import type { HistoryEntry, Policy, Sample } from '../../model/types.ts';
import type { UnitState } from '../../model/unit-state.ts';
import { readRecent } from '../../state/history.ts';
import { withControls } from '../shared/controls.ts';
import { TARGET } from '../../targets/registry.ts';
import type { FactsMemory } from '../../targets/target.ts';
import { recallUnits } from '../../state/cache.ts';
import type { Look } from './serve-all.ts';
import type { Recovered } from './world.ts';

/** What a run knows before it measures. */
export interface Past {
  policies: Policy[];
  /** as far back as the decision looks */
  entries: HistoryEntry[];
  previous: Sample | null;
  /** what is known of the units' files */
  cache: FactsMemory;
}

/** The policies in force at this moment, pauses and pins included, and the history that they need. */
export async function readPast(config: Config, log: Logger): Promise<Past> {
  enterPhase('reading the history');
  const { state_dir: stateDir, check_interval_seconds: intervalS } = config.global;
  const policies = withControls((await readPoliciesAt(config))(new Date()), stateDir);
  const { entries, warnings } = readRecent(stateDir, historyNeededMs(policies, intervalS * 1000));
  for (const warning of warnings) log.warn({ event: 'history' }, warning);
  const previous = entries.findLast((entry) => entry.kind === 'sample') ?? null;
  return { policies, entries, previous, cache: TARGET.remember(recallUnits(stateDir)) };
}

/** Takes one sample and decides on it. */
export async function measureAndDecide(
  { config, units }: { config: Config; units: ReadonlyMap<string, UnitState> },
  { policies, entries, previous, cache }: Past,
  recovered: Recovered,
): Promise<Look> {
  // a service that is still being recovered is measured in the middle of a change
  const blocked = recovered.blockedNow();
  const byService = new Map(policies.map((policy) => [policy.service, policy]));
  const taken = await takeSample({
    ...{ config, units, previous, history: entries, memory: cache },
    mayGrow: (sample, service) => mayGrow(byService.get(service)!, sample),
  });
  enterPhase('deciding');
  const sample = carryBrakes(policies, entries, taken.sample, blocked.services);
  const decisions = decide({
    ...{ policies, history: [...entries, sample] },
    checkIntervalMs: config.global.check_interval_seconds * 1000,
  });
  return {
    ...{ units, policies, measured: { ...taken, sample }, decisions },
    whyBlocked: blocked.why,
  };
}
