import type { BrakeMemory } from '../../model/brake-types.ts';
import { slowDown } from '../limits/brakes.ts';
import { gatherEvidence, type EvidenceRun } from './evidence.ts';
import { findMetricError } from '../../metrics/missing.ts';
import { readMetric, type Moment } from './moments.ts';
import type { MeasureError } from '../../model/measure-error.ts';
import type { ActionRecord, MetricPolicy, Policy, Sample } from '../../model/types.ts';

/** A metric of a project now, with the evidence for it. */
export interface Gathered {
  /** with the durations that count now */
  metric: MetricPolicy;
  /** null: missing; `error` then says why */
  value: number | null;
  error: MeasureError;
  run: EvidenceRun;
}

/** What each metric of a project says at the last moment; `done`: the last action after it. */
export function gatherMetrics(
  policy: Policy,
  memory: BrakeMemory,
  moments: readonly Moment[],
  done: ActionRecord | undefined,
  intervalMs: number,
): Gathered[] {
  const { service } = policy;
  const { sample } = moments.at(-1)!;
  const warmMs = findWarmMs(policy, sample);
  return slowDown(policy, memory).map((metric) => ({
    metric,
    value: readMetric(sample, service, metric.metric),
    error: findMetricError(sample, service, metric.metric),
    run: done
      ? endedBy(done)
      : gatherEvidence(moments, service, metric.metric, longestMs(metric), intervalMs, warmMs),
  }));
}

/** When on the boot clock (ms) what is measured begins to be evidence again after the service's start. */
function findWarmMs({ service, brakes }: Policy, sample: Sample): number {
  const start = sample.services[service]?.main_start_s ?? null;
  const warmupMs = brakes?.warmupMs ?? 0;
  return start === null || warmupMs === 0 ? -Infinity : start * 1000 + warmupMs;
}

function longestMs({ upMs, downMs }: MetricPolicy): number {
  return Math.max(upMs, downMs);
}

/** A sample that was taken before a change is no evidence after it. */
function endedBy({ result }: ActionRecord): EvidenceRun {
  const because = result === 'applied' ? 'workers_changed' : 'restarted';
  return { evidence: [], broken: { because, gapMs: null } };
}
