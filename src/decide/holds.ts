import type { Decision, HistoryEntry, Hold, Sample } from '../model/types.ts';

/** The sample as it is recorded: with what held a change of each service back, where something did. */
export function noteHolds(sample: Sample, decisions: readonly Decision[]): Sample {
  const services = { ...sample.services };
  for (const { service, hold } of decisions) {
    const found = services[service];
    if (found !== undefined && hold !== null) services[service] = { ...found, hold };
  }
  return { ...sample, services };
}

/** How often each hold stood in the way of a change, over all samples and services. */
export function countHolds(entries: Iterable<HistoryEntry>): Partial<Record<Hold, number>> {
  const counts: Partial<Record<Hold, number>> = {};
  for (const entry of entries) {
    if (entry.kind !== 'sample') continue;
    // most of a day's samples have nothing here, and a list of them is not made for each
    for (const service in entry.services) {
      const { hold } = entry.services[service]!;
      if (hold) counts[hold] = (counts[hold] ?? 0) + 1;
    }
  }
  return counts;
}
