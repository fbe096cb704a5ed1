import type { Decision, Hold, Sample } from '../model/types.ts';

/** The sample as it is recorded: with what held a change of each service back, where something did. */
export function noteHolds(sample: Sample, decisions: readonly Decision[]): Sample {
  const services = { ...sample.services };
  for (const { service, hold } of decisions) {
    const found = services[service];
    if (found !== undefined && hold !== null) services[service] = { ...found, hold };
  }
  return { ...sample, services };
}

/** How often each hold stood in the way of a change. */
export type HoldCounts = Partial<Record<Hold, number>>;

/** Adds those of a sample. */
export function addHolds(counts: HoldCounts, { services }: Sample): void {
  for (const { hold } of Object.values(services)) {
    if (hold) counts[hold] = (counts[hold] ?? 0) + 1;
  }
}
