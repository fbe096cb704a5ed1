import type { MeasureError } from '../../model/measure-error.ts';
import type { MetricName } from '../../model/metric-name.ts';
import type { Decision, Reason } from '../../model/types.ts';

/** A threshold as it stood at the last sample. */
export interface ExplainedThreshold {
  direction: 'up' | 'down';
  workers: number;
  threshold: number;
  crossed: boolean;
  held_s: number;
  needed_s: number;
  reached: boolean;
}

export interface ExplainedMetric {
  metric: MetricName;
  value: number | null;
  error: MeasureError | null;
  /** a first look, which says nothing of what is measured next */
  first_look: boolean;
  thresholds: ExplainedThreshold[];
}

/** What a limit allows and whether it cut something in the last decision. */
export interface ExplainedLimit {
  limit:
    | 'min_max'
    | 'failed_change'
    | 'paused'
    | 'own_cpu_share'
    | 'cooldown'
    | 'max_step'
    | 'running_tasks'
    | 'projection'
    | 'memory';
  acted: boolean;
  text: string;
}

/** The document of `explain --json`. */
export interface Explanation {
  v: 2;
  at: string;
  project: string;
  service: string;
  enabled: boolean;
  /** of the last sample; null: there is none of this project */
  sample_at: string | null;
  age_s: number | null;
  workers: number | null;
  running: number | null;
  metrics: ExplainedMetric[];
  limits: ExplainedLimit[];
  action: Decision['action'];
  from: number | null;
  to: number | null;
  wanted: number | null;
  hold: Decision['hold'];
  codes: Reason['code'][];
  reason: string | null;
  /** changes since the last sample, that of its own run included */
  since: { at: string; action: string; from: number; to: number; result: string; reason: string }[];
  /** the first change that follows if what is measured stays as it is; null: none in sight */
  next: { at: string; in_s: number; to: number | null; reason: string } | null;
  /** whether runs come by themselves, without which nothing follows; null: not known, as where cron makes them */
  timer_on: boolean | null;
  /** how far `next` looked */
  horizon_s: number;
}
