import type { BrakeMemory, BrakePolicy } from './brake-types.ts';
import type { ControlEnd, Pause, Pin } from './control-types.ts';
import type { Hold, NewEvidence } from './hold-types.ts';
import type { MeasureError, MeasureErrors } from './measure-error.ts';
import type { MetricName } from './metric-name.ts';
import type { HostResources, ResourceReason, ServiceResources } from './resource-types.ts';

export type { Hold, NewEvidence };

/** What a service runs, such as `gunicorn`: a name in the registry of kinds, which alone knows what follows from it. */
export type KindName = string;

/** `workers` is the N of `scale_up_N` or `scale_down_N`, `threshold` its value in the metric's unit. */
export interface Step {
  workers: number;
  threshold: number;
}

/** The thresholds of one metric of one project. `up` asks for more when value > threshold, `down` for less when value < threshold. */
export interface MetricPolicy {
  metric: MetricName;
  up: Step[];
  down: Step[];
  upMs: number;
  downMs: number;
}

/** All that the decision needs to know of an enabled project. Limits: 1 <= minWorkers <= maxWorkers. */
export interface Policy {
  project: string;
  service: string;
  minWorkers: number;
  maxWorkers: number;
  /** the window of time that the limits are from; missing: none, they are those that always hold */
  schedule?: string;
  metrics: MetricPolicy[];
  /** what must remain available after a change, in MB (2^20 bytes); null: no limit */
  memoryThresholdMb: number | null;
  /** percent of the time; while the host waits for memory longer, nothing is added; missing: no limit */
  maxMemoryPressure?: number;
  /** workers are taken away where less than memoryThresholdMb is available; missing: no */
  memoryScaleDown?: boolean;
  /** percent of the busy CPU of the host that the service must have used for a cpu threshold to raise it; missing: any */
  minOwnCpuShare?: number | null;
  /** missing: all off */
  brakes?: BrakePolicy;
  /** what people have said for a time; missing: nothing */
  pause?: Pause;
  pin?: Pin;
}

/** Cumulative CPU ticks since boot, in the kernel's ticks. */
export interface CpuTicks {
  total: number;
  idle: number;
  steal: number;
}

/** The host's part of a sample. `null`: could not be had; `errors` then says why, by key. */
export interface HostSample extends HostResources {
  /** busy share of all cores, 0 to 100, averaged over the sample's `span_s`; steal counts as not ours and is not in it */
  cpu_percent: number | null;
  steal_percent?: number | null;
  memory_available_mb: number | null;
  memory_total_mb?: number | null;
  /** raw counters from which the next run computes its average */
  cpu_ticks?: CpuTicks | null;
  errors?: MeasureErrors;
}

/** One service's part of a sample. */
export interface ServiceSample extends ServiceResources {
  /** declared workers: what the unit file says */
  workers: number | null;
  /** running workers: what the processes show */
  running?: number | null;
  /** what the service's workers hold together, in MB */
  memory_mb?: number | null;
  /** tasks that wait in the project's queues */
  queue_length?: number | null;
  /** tasks of these queues that the broker has handed out to any worker and that are not acknowledged yet */
  unacked?: number | null;
  /** tasks that the service's own workers run at this moment */
  running_tasks?: number | null;
  /** tasks that the service has begun since its main process started: a counter */
  tasks_total?: number | null;
  /** tasks a second, over the samples of the last minutes: coming in, and completed by this service */
  arrival_rate?: number | null;
  completion_rate?: number | null;
  /** the time that the waiting tasks need at the completion rate */
  drain_time_s?: number | null;
  /** percent of what its Gunicorn workers can serve at once that is in a request, over the second that they were looked at */
  busy_percent?: number | null;
  /** connections that wait to be accepted, in the queues of the sockets that it listens on */
  backlog?: number | null;
  /** `ActiveState` of systemd */
  active?: string | null;
  main_pid?: number | null;
  /** start of the main process, seconds on the boot clock */
  main_start_s?: number | null;
  /** systemd's own restarts of the service since somebody started it */
  auto_restarts?: number | null;
  /** tells whether the unit's files are still the same */
  unit_hash?: string | null;
  /** what a value alone does not say, by key */
  notes?: Record<string, string>;
  /** what held a change back that the metrics or limits asked for */
  hold?: Hold | null;
  errors?: MeasureErrors;
}

/** What one run measured: one line of the history. Times: `uptime_s` on the boot clock, `at` on the wall clock (for people only). */
export interface Sample {
  v: 1;
  kind: 'sample';
  at: string;
  /** identifies the boot; two samples of different boots have nothing to do with one another */
  boot: string;
  uptime_s: number;
  /** seconds since the sample before it, which cpu_percent covers; null on the first of a boot */
  span_s: number | null;
  host: HostSample;
  services: Record<string, ServiceSample>;
  /** what is remembered of earlier changes, by service */
  brakes?: Record<string, BrakeMemory>;
}

export type ActionResult = 'applied' | 'failed' | 'undone';

/** A change that was made or tried: one line of the history. */
export interface ActionRecord {
  v: 1;
  kind: 'action';
  at: string;
  boot: string;
  uptime_s: number;
  service: string;
  action: 'scale_up' | 'scale_down' | 'rollback' | 'heal' | 'renew';
  from: number;
  to: number;
  result: ActionResult;
  reason: string;
  /** the change's name in the journal: one change is one line */
  change?: string;
}

/** A line of the history, in the order of the file. */
export type HistoryEntry = Sample | ActionRecord;

/**
 * One reason, as data. The first ones say what the metrics ask for, later ones what a limit did to it.
 * All `...Ms` are milliseconds, `value` and `threshold` in the unit of the metric.
 */
export type Reason =
  | ResourceReason
  /** a threshold is crossed; `reached`: it has held for its duration */
  | {
      code: 'above' | 'below';
      metric: MetricName;
      value: number;
      threshold: number;
      workers: number;
      heldMs: number;
      neededMs: number;
      reached: boolean;
    }
  /** no threshold that leads anywhere from here is crossed; the nearest ones, where there are any */
  | {
      code: 'within';
      metric: MetricName;
      value: number;
      upAt: number | null;
      downAt: number | null;
    }
  /** another metric asks for less, but this one does not agree */
  | { code: 'not_agreed'; metric: MetricName; value: number | null; workers: number }
  | { code: 'missing_metric'; metric: MetricName; error: MeasureError }
  /** a threshold is crossed but not for long enough yet, because the evidence starts over here; `gapMs`: only with 'gap' */
  | { code: 'new_evidence'; metric: MetricName; because: NewEvidence; gapMs: number | null }
  | { code: 'workers_unknown'; error: MeasureError }
  | { code: 'below_min'; workers: number; minWorkers: number }
  | { code: 'above_max'; workers: number; maxWorkers: number }
  | { code: 'at_min'; minWorkers: number }
  | { code: 'at_max'; maxWorkers: number }
  /** more tasks run than `workers`, the wished count, could hold */
  | { code: 'tasks_running'; running: number; workers: number }
  /** it is lowered without knowing how many tasks run */
  | { code: 'running_tasks_unknown'; error: MeasureError }
  /** changes in this direction are not made, until somebody resumes where there is no end */
  | ({ code: 'paused'; direction: 'up' | 'down' | 'both' } & ControlEnd)
  /** somebody has fixed the count: the metrics do not decide */
  | ({ code: 'pinned' } & Pin)
  | { code: 'clamped'; wanted: number; to: number; limit: 'min' | 'max' }
  /** the last changes failed: nothing is tried before `remainingMs` have gone by */
  | { code: 'failed_change'; failures: number; remainingMs: number }
  | { code: 'cooldown'; direction: 'up' | 'down'; cooldownMs: number; remainingMs: number }
  | { code: 'max_step'; wanted: number; to: number; maxStep: number }
  /** the factor of the durations of lowering */
  | { code: 'adaptive'; times: number }
  | {
      code: 'memory';
      wanted: number;
      /** the count that fits, equal to the current one where none does */
      fits: number;
      availableMb: number | null;
      /** what earlier services were granted in this run */
      grantedMb: number;
      thresholdMb: number;
      /** a worker's cost; null: unknown, only the present availability was held against the threshold */
      workerMb: number | null;
      /** what lies in swap and is owed to it; missing: nothing */
      swapMb?: number;
      /** what a worker holds now, where one has held more: `workerMb` */
      nowMb?: number;
    }
  /** the service is stopped, failed, or on its way up or down: nobody's number is changed behind its back */
  | { code: 'not_running'; state: string }
  | { code: 'disabled' }
  /** other workers run than the service declares */
  | { code: 'drift'; running: number; declared: number };

/** What is to be done with one service, and why. `from` is null where the declared workers are unknown. */
export interface Decision {
  project: string;
  service: string;
  action: 'scale_up' | 'scale_down' | 'none';
  from: number | null;
  to: number | null;
  /** what the metrics asked for before a limit cut it; null: nothing */
  wanted: number | null;
  /** null: nothing is held back */
  hold: Hold | null;
  reasons: Reason[];
}
