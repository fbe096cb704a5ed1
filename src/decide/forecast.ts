import { carryBrakes } from './limits/brake-memory.ts';
import { decide, type DecideInput } from './decide.ts';
import type { Decision, HistoryEntry, Policy, Sample } from '../model/types.ts';

/** What would be decided for a service if nothing changed, and when. */
export interface Forecast {
  /** milliseconds after the last sample */
  afterMs: number;
  decision: Decision;
}

/** As for `decide`, but the policies at a time after the last sample: windows of time open and close. */
export interface ForecastInput extends Omit<DecideInput, 'policies'> {
  policiesAt: (afterMs: number) => readonly Policy[];
}

/**
 * The first change of `service` that follows where each run from now on measures what the last one did; null: none
 * within `horizonMs`. Only what is measured stays: time goes on, and with it durations, cooldowns and warm-up.
 */
export function forecast(
  { policiesAt, history, checkIntervalMs }: ForecastInput,
  service: string,
  horizonMs: number,
): Forecast | null {
  const entries = [...history];
  const last = entries.findLast((entry) => entry.kind === 'sample');
  if (last === undefined) return null;
  let newest = takeOver(last, entries);
  for (let afterMs = checkIntervalMs; afterMs <= horizonMs; afterMs += checkIntervalMs) {
    const policies = policiesAt(afterMs);
    newest = carryBrakes(policies, entries, repeat(newest, checkIntervalMs / 1000));
    entries.push(newest);
    const decision = decide({ policies, history: entries, checkIntervalMs }).find(
      (each) => each.service === service,
    );
    if (decision !== undefined && decision.action !== 'none') return { afterMs, decision };
  }
  return null;
}

/** The last sample, with the workers that changes after it have made. */
function takeOver(last: Sample, entries: readonly HistoryEntry[]): Sample {
  const services = { ...last.services };
  for (const entry of entries.slice(entries.lastIndexOf(last) + 1)) {
    const found = entry.kind === 'action' ? services[entry.service] : undefined;
    if (entry.kind !== 'action' || found === undefined || entry.result !== 'applied') continue;
    services[entry.service] = { ...found, workers: entry.to, running: entry.to };
  }
  return { ...last, services };
}

function repeat(sample: Sample, intervalS: number): Sample {
  return { ...sample, uptime_s: sample.uptime_s + intervalS, span_s: intervalS };
}
