import type { MeasureError } from '../../model/measure-error.ts';
import type { MetricName } from '../../model/metric-name.ts';
import type { Decision, HostSample, ActionRecord } from '../../model/types.ts';

/** The timer as it is reported; moments in ISO 8601. */
export interface StatusTimer {
  state: 'on' | 'off' | 'not_installed' | 'unknown';
  /** whether it starts with the host */
  enabled: boolean;
  /** a run is under way */
  running: boolean;
  next_at: string | null;
  last_at: string | null;
  /** `success`, or what systemd calls the failure; null: no run since boot, or not known any more */
  last_result: string | null;
  last_exit_code: number | null;
  /** why nothing is known of it */
  error: string | null;
}

/** A metric at the last sample, with the nearest thresholds that lead on from where the service is. */
export interface StatusMetric {
  metric: MetricName;
  value: number | null;
  up_at: number | null;
  down_at: number | null;
  error: MeasureError | null;
}

/** A duration that is not reached yet. */
export interface Streak {
  metric: MetricName;
  direction: 'up' | 'down';
  workers: number;
  held_s: number;
  needed_s: number;
}

export type LastChange = Pick<ActionRecord, 'at' | 'result'> & {
  /** null: it is older than what was read of the history */
  action: ActionRecord['action'] | null;
  from: number | null;
  to: number | null;
  reason: string | null;
};

/** A change that the journal knows as begun and not ended. */
export interface PendingStatus {
  action: string;
  from: number;
  to: number;
  since: string;
  /** the service finishes its running tasks */
  draining: boolean;
  /** it is being taken back */
  undoing: boolean;
  /** what the next run does with it; null: a run is at it now, or it is not known */
  next: 'finish' | 'undo' | null;
}

/** When a pause or a pin ends; `until` null: when somebody ends it. */
export interface StatusEnd {
  until: string | null;
}

/** One project; what was decided at the last sample. */
export interface StatusService {
  project: string;
  service: string;
  enabled: boolean;
  /** `ActiveState` now; null: unknown */
  active: string | null;
  workers: number | null;
  running: number | null;
  /** why it is not known how many run; null: it is, or nothing was measured */
  running_error: MeasureError | null;
  /** the limits of now */
  min_workers: number;
  max_workers: number;
  /** the window of time that they are from; null: none is open */
  schedule: string | null;
  metrics: StatusMetric[];
  streak: Streak | null;
  action: Decision['action'];
  from: number | null;
  to: number | null;
  wanted: number | null;
  hold: Decision['hold'];
  reason: string | null;
  /** what holds the change back, alone */
  hold_reason: string | null;
  drift: boolean;
  /** what is paused, and until when; null: nothing */
  pause: { up: StatusEnd | null; down: StatusEnd | null } | null;
  /** the number that somebody has fixed, and until when; null: none has */
  pin: (StatusEnd & { workers: number }) | null;
  /** it is enabled, and the last run has not looked at it yet */
  unseen: boolean;
  in_progress: PendingStatus | null;
  last_change: LastChange | null;
}

/** The document of `status --json`. */
export interface StatusReport {
  v: 2;
  at: string;
  /** the config is the example of the installation, which nobody has touched */
  example: boolean;
  timer: StatusTimer;
  /** null: nothing was ever recorded */
  last_sample: { at: string; age_s: number; this_boot: boolean } | null;
  check_interval_s: number;
  host: Pick<HostSample, 'cpu_percent' | 'memory_available_mb' | 'memory_total_mb'> | null;
  services: StatusService[];
  last_day: {
    runs: number;
    /** by why nothing was done, how often */
    held: Record<string, number>;
    changes: { up: number; down: number; other: number; failed: number };
  };
  /** what could not be read, for people */
  notes: string[];
}
