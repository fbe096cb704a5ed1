import type { MetricName } from '../model/metric-name.ts';
import { formatNumber } from '../model/wording.ts';
import { metricOf } from './registry.ts';

/** A metric's value in its unit: `83.4 %`, `17`, `95 s`. Has more digits if it would otherwise look equal to `threshold`. */
export function formatMetric(metric: MetricName, value: number, threshold?: number): string {
  const short = formatNumber(value);
  const text = short === String(threshold) && value !== threshold ? String(value) : short;
  return `${text}${metricOf(metric).unit}`;
}
