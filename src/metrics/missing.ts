import { measureError, type MeasureError } from '../model/measure-error.ts';
import type { MetricName } from '../model/metric-name.ts';
import type { Sample } from '../model/types.ts';
import { metricOf } from './registry.ts';

/** Why a value is missing if nothing says why. */
export const NOT_SAMPLED = measureError('not_sampled', 'not in the sample');

/** Why an average is missing although nothing went wrong: its counter has only just been read for the first time. */
export const COUNTED_FROM_NOW = measureError('first_sample', 'it is counted from this sample on');

/** Why a metric is missing in a sample. */
export function findMetricError(sample: Sample, service: string, name: MetricName): MeasureError {
  const { fields, of } = metricOf(name);
  // a service's own key may have the same name as the host's
  const own = of === 'host' ? {} : sample.services[service]?.errors;
  const errors = { ...sample.host.errors, ...own };
  const key = Object.keys(fields).find((each) => errors[each] !== undefined);
  return key === undefined ? NOT_SAMPLED : errors[key]!;
}
