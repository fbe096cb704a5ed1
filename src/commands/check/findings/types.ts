/** How much a finding matters: `error` something will not work, `warning` it will not do what one expects, `info` how it is. */
export type Severity = 'error' | 'warning' | 'info';

/** One thing that `autoscaler check` has found. */
export interface Finding {
  /** for programs, such as `unit_not_found` */
  code: string;
  severity: Severity;
  /** null: it is about the host or the config as a whole */
  project: string | null;
  /** what was seen, with its numbers */
  evidence: string;
  /** what to do; null: nothing is needed */
  remedy: string | null;
}
