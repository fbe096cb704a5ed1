import { ALL_THRESHOLDS, type DurationKey, type ThresholdKey } from '../../metrics/registry.ts';
import { duration, thresholds } from './threshold-values.ts';

type Keys = Record<ThresholdKey, ReturnType<typeof thresholds>> &
  Record<DurationKey, ReturnType<typeof duration>>;

/** The keys of a project that hold thresholds and their durations, as the metrics say. */
export const METRIC_KEYS = Object.fromEntries(
  ALL_THRESHOLDS.flatMap(
    ({ key, description, expected, most, durationKey, durationDescription }) => [
      [key, thresholds(description, expected, most)],
      [durationKey, duration(durationDescription)],
    ],
  ),
) as Keys;
