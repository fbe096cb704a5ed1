import type { MeasureError } from './measure-error.ts';
import type { MetricName, PressureKey } from './metric-name.ts';

/** Percent of the time since the sample before it in which at least one process waited; of the host or of a service. */
export type Pressures = Partial<Record<PressureKey, number | null>> & {
  /** raw counters from which the next run computes its averages, microseconds */
  pressure_us?: Partial<Record<PressureKey, number>>;
};

/** What a host has besides CPU and memory. */
export interface HostResources extends Pressures {
  /** processors that are in service */
  cpus?: number;
  /** what lies in swap, in MB */
  swap_used_mb?: number | null;
}

/** A control group that limits the memory of a service: its own or one above it, such as a slice. */
export interface MemoryGroup {
  /** its path, or the name of the unit where that is not known */
  group: string;
  what: 'MemoryMax' | 'MemoryHigh';
  limit_mb: number;
  /** of all that is in it, without file cache that is not in use; null: not known */
  used_mb: number | null;
}

/** What a service uses. */
export interface ServiceResources extends Pressures {
  /** processors that its cgroup kept busy, as an average since the sample before it: 1.5 is one and a half */
  cpu_cores?: number | null;
  /** the raw counter from which the next run computes that average: microseconds since the service's start */
  cpu_usage_us?: number | null;
  /** the most that one of its workers has held within a day, in MB, and the seconds since then */
  worker_peak_mb?: number | null;
  worker_peak_s?: number | null;
  /** what limits the memory of its control group, innermost first; missing: nothing */
  memory_groups?: MemoryGroup[];
  /** its processes that the kernel has ended for lack of memory, since the start of the service: a counter */
  oom_kills?: number | null;
}

/** Reasons that come of what a service itself uses. */
export type ResourceReason =
  /** the host is busy, but the service has no share in it that counts; `share` null: unknown, and `error` says why */
  | {
      code: 'own_cpu_share';
      project: string;
      value: number;
      threshold: number;
      heldMs: number;
      /** the count that the threshold asks for */
      workers: number;
      share: number | null;
      needed: number;
      error: MeasureError | null;
    }
  /** a window of time sets the limits that another reason is about */
  | { code: 'schedule'; name: string; minWorkers: number; maxWorkers: number }
  /** the host waits for memory: nothing is added */
  | { code: 'memory_pressure'; value: number; limit: number }
  /** a control group has no room for more */
  | {
      code: 'memory_group';
      wanted: number;
      /** the count that fits, equal to the current one where none does */
      fits: number;
      group: string;
      what: MemoryGroup['what'];
      limitMb: number;
      usedMb: number;
      /** what services in it were granted before in this run */
      grantedMb: number;
      /** null: unknown, only the present use was held against the limit */
      workerMb: number | null;
    }
  /** the kernel ended processes of the service for lack of memory after it was raised: back to `from` */
  | { code: 'oom_kills'; kills: number; from: number; sinceMs: number }
  /** less is available than must remain: workers are taken away at once, down to min_workers */
  | {
      code: 'memory_short';
      availableMb: number;
      /** what other services give back in this run */
      freedMb: number;
      thresholdMb: number;
      /** null: unknown, so nothing is taken away */
      workerMb: number | null;
      workers: number;
    }
  /** what is shared out among the workers would, on `to` of them, be above a threshold to more */
  | {
      code: 'projected';
      metric: MetricName;
      value: number;
      workers: number;
      projected: number;
      to: number;
      threshold: number;
    };
