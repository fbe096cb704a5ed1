import { findStart, type Break } from './breaks.ts';
import type { MetricName } from '../../model/metric-name.ts';
import { metricOf } from '../../metrics/registry.ts';
import { elapsedMs, knownService, readMetric, uptimeMs, type Moment } from './moments.ts';
import { toleranceMs } from './tolerance.ts';
import type { Sample } from '../../model/types.ts';

/** A value, how many milliseconds it adds to a streak that goes on through it, and the sample that it is from. */
export interface Evidence {
  value: number;
  addsMs: number;
  sample: Sample;
}

/** Evidence for one metric of one service, newest first, as far back as it is unbroken; then what breaks it. */
export interface EvidenceRun {
  evidence: Evidence[];
  broken: Break | null;
}

/**
 * Gathers the evidence for one metric of one service, back to `neededMs` or to where it breaks.
 * A CPU value covers the time since the sample before it, so at the end of a gap it counts for nothing;
 * a queue length is a point, so there it is the first point of a new streak.
 * What reaches back before `warmMs` (the boot clock) is measured on a service that is still starting.
 */
export function gatherEvidence(
  moments: readonly Moment[],
  service: string,
  metric: MetricName,
  neededMs: number,
  intervalMs: number,
  warmMs = -Infinity,
): EvidenceRun {
  const { isAverage } = metricOf(metric);
  const evidence: Evidence[] = [];
  let sumMs = 0;
  for (let i = moments.length - 1; i >= 0 && (evidence.length === 0 || sumMs < neededMs); i--) {
    const moment = moments[i]!;
    const value = readMetric(moment.sample, service, metric);
    if (value === null || knownService(moment.sample, service) === null) {
      return { evidence, broken: { because: 'missing_sample', gapMs: null } };
    }
    const start = findStart(moments[i - 1]?.sample, moment, service, metric, intervalMs);
    const newer = moments[i + 1]?.sample;
    const addsMs = isAverage ? start.coversMs : newer ? elapsedMs(moment.sample, newer) : 0;
    // an average over no time at all adds nothing, but may show that the condition does not hold
    const covers = start.coversMs > 0 || (start.broken === null && start.coversMs === 0);
    const counts = isAverage ? covers : !start.outdated;
    const beginMs = uptimeMs(moment.sample) - (isAverage ? start.coversMs : 0);
    if (beginMs + toleranceMs(intervalMs) < warmMs) {
      return { evidence, broken: { because: 'warmup', gapMs: null } };
    }
    if (counts) {
      evidence.push({ value, addsMs, sample: moment.sample });
      sumMs += addsMs;
    }
    if (start.broken !== null) return { evidence, broken: start.broken };
  }
  return { evidence, broken: null };
}
