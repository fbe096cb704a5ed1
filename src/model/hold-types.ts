/** Why a wanted change is not made. */
export type Hold =
  | 'duration'
  | 'memory'
  | 'cooldown'
  | 'failed_change'
  | 'paused'
  | 'missing_metric'
  | 'at_limit'
  | 'tasks_running'
  | 'own_cpu_share'
  | 'projection'
  | 'not_running'
  | 'in_progress'
  /** it would need a restart, and the config allows none */
  | 'no_live'
  | 'disabled';

/**
 * Why what was before is no evidence. `clock`: the boot clock went back (a restored machine);
 * `missing_sample`: a value could not be had; `workers_changed`: by us or by anyone; `restarted`: a deploy,
 * or a change of ours that failed; `warmup`: the service has just started.
 */
export type NewEvidence =
  | 'gap'
  | 'reboot'
  | 'clock'
  | 'first_sample'
  | 'missing_sample'
  | 'workers_changed'
  | 'restarted'
  | 'warmup';
