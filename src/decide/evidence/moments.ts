import type { MetricName } from '../../model/metric-name.ts';
import { metricOf } from '../../metrics/registry.ts';
import type { ActionRecord, HistoryEntry, Sample, ServiceSample } from '../../model/types.ts';

/** A sample with the actions that stand between it and the sample before it. */
export interface Moment {
  sample: Sample;
  actions: ActionRecord[];
}

/** The history as moments, oldest first, and the actions after the last sample. */
export function toMoments(history: readonly HistoryEntry[]): {
  moments: Moment[];
  after: ActionRecord[];
} {
  const moments: Moment[] = [];
  let actions: ActionRecord[] = [];
  for (const entry of history) {
    if (entry.kind === 'action') {
      actions.push(entry);
    } else {
      moments.push({ sample: entry, actions });
      actions = [];
    }
  }
  return { moments, after: actions };
}

/** The boot clock of an entry in whole milliseconds, so that times can be compared exactly. */
export function uptimeMs(entry: { uptime_s: number }): number {
  return Math.round(entry.uptime_s * 1000);
}

/** Milliseconds on the boot clock from one sample to a later one of the same boot. */
export function elapsedMs(from: Sample, to: Sample): number {
  return uptimeMs(to) - uptimeMs(from);
}

/** The value of a metric in a sample; null where it is missing. */
export function readMetric(sample: Sample, service: string, metric: MetricName): number | null {
  return metricOf(metric).read(sample, service);
}

/** A service as a sample knows it; null where it is not in it or its workers are unknown: such a sample is no evidence. */
export function knownService(sample: Sample, service: string): ServiceSample | null {
  const found = sample.services[service];
  return found === undefined || found.workers === null ? null : found;
}

/**
 * Whether a value says nothing of what will be measured next: the host's CPU on the first sample of a boot is that of half
 * a second, in which the run itself has just been started.
 */
export function isFirstLook({ span_s: span }: Sample, metric: MetricName): boolean {
  return metricOf(metric).hasFirstLook === true && span === null;
}
