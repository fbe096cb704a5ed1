import { metricOf } from '../../../metrics/registry.ts';
import type { MetricName } from '../../../model/metric-name.ts';
import type { WorkerClass } from '../../../kinds/shared/concurrency.ts';

/** What a service can make of its metrics depends on this. */
export interface Load {
  /** processors of the host, whose CPU is measured */
  cores: number;
  /** processors that the service may use, fewer than those of the host where a quota says so; missing: all of them */
  usableCores?: number;
  /** the control group or unit whose quota that is */
  quota?: string;
  /** null or missing: not known, or a Celery worker, whose processes do a task each */
  workerClass?: WorkerClass | null;
}

/**
 * The most that so many workers can make of a metric by their own load, on a host where nothing else runs. Extensions and
 * programs that a worker starts may add to that, which nobody can count on.
 */
export function mostByOwnLoad(metric: MetricName, workers: number, load: Load): number {
  const { cores, usableCores = cores, workerClass } = load;
  const isAsync = workerClass === 'async';
  return metricOf(metric).ownLoad?.most(workers, { cores, usableCores, isAsync }) ?? Infinity;
}
