import type { MetricName } from '../../../model/metric-name.ts';
import type { WorkerClass } from '../../../kinds/gunicorn/concurrency.ts';

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
 * The most that so many workers can make of a metric by their own load, on a host where nothing else runs. A process of
 * Python computes on about one processor, whatever its threads, as one of them holds the interpreter
 * (https://docs.python.org/3/glossary.html#term-global-interpreter-lock); extensions and programs that a worker starts
 * may add to that, which nobody can count on.
 */
export function mostByOwnLoad(metric: MetricName, workers: number, load: Load): number {
  const { cores, usableCores = cores, workerClass } = load;
  switch (metric) {
    case 'cpu':
      return (Math.min(workers, usableCores) / cores) * 100;
    case 'service_cpu':
      return (Math.min(workers, usableCores) / workers) * 100;
    case 'busy':
      // workers that serve any number of requests have no such share: it is never known
      return workerClass === 'async' ? 0 : 100;
    case 'cpu_pressure':
    case 'host_cpu_pressure':
      // a process waits for a processor only where there are more than processors
      return workers > usableCores ? 100 : 0;
    case 'memory_pressure':
    case 'host_memory_pressure':
    case 'io_pressure':
    case 'host_io_pressure':
      return 100;
    case 'queue':
    case 'queue+unacked':
    case 'queue+running':
    case 'load':
    case 'drain_time':
    case 'backlog':
      return Infinity;
  }
}
