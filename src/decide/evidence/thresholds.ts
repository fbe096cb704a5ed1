import { recallBrakes } from '../limits/brake-memory.ts';
import type { DecideInput } from '../decide.ts';
import { gatherMetrics } from './gather.ts';
import { measureHeld } from './held.ts';
import type { MeasureError } from '../../model/measure-error.ts';
import type { MetricName } from '../../model/metric-name.ts';
import { toMoments } from './moments.ts';
import type { Policy } from '../../model/types.ts';

/** One threshold of a metric as it stands now. */
export interface ThresholdState {
  direction: 'up' | 'down';
  /** the N of `scale_up_N` or `scale_down_N` */
  workers: number;
  threshold: number;
  /** whether the value is beyond it now */
  crossed: boolean;
  /** how long it has held without a gap, counted no further than is needed */
  heldMs: number;
  neededMs: number;
  reached: boolean;
}

/** A metric and all its thresholds. */
export interface MetricState {
  metric: MetricName;
  /** null: missing; `error` then says why */
  value: number | null;
  error: MeasureError | null;
  thresholds: ThresholdState[];
}

/** All thresholds of a project with how long each has held at the last sample, also those that lead nowhere from here. */
export function listThresholds(
  { history, checkIntervalMs }: Omit<DecideInput, 'policies'>,
  policy: Policy,
): MetricState[] {
  const { moments, after } = toMoments(history);
  const sample = moments.at(-1)?.sample;
  if (sample === undefined) return [];
  const memory = recallBrakes(policy, sample, after);
  const done = after.findLast(({ service }) => service === policy.service);
  const gathered = gatherMetrics(policy, memory, moments, done, checkIntervalMs);
  return gathered.map(({ metric, value, error, run }) => {
    const toState = (direction: 'up' | 'down', workers: number, threshold: number) => {
      const neededMs = direction === 'up' ? metric.upMs : metric.downMs;
      const holds = (v: number): boolean => (direction === 'up' ? v > threshold : v < threshold);
      const crossed = value !== null && holds(value);
      const { heldMs, reached } = measureHeld(run, holds, neededMs, checkIntervalMs);
      const held = crossed ? { heldMs, reached } : { heldMs: 0, reached: false };
      return { direction, workers, threshold, crossed, ...held, neededMs };
    };
    return {
      metric: metric.metric,
      value,
      error: value === null ? error : null,
      thresholds: [
        ...metric.up.map((step) => toState('up', step.workers, step.threshold)),
        ...metric.down.map((step) => toState('down', step.workers, step.threshold)),
      ].sort((a, b) => b.threshold - a.threshold),
    };
  });
}
