/** How fast and how often a service may be changed. Durations in milliseconds, 0: off; `maxStep` null: off. */
export interface BrakePolicy {
  /** what is measured so soon after the service's start is no evidence */
  warmupMs: number;
  /** how long after an applied change, up or down, the next one upward or downward waits */
  cooldownMs: { up: number; down: number };
  /** the most workers that one change may add or remove */
  maxStep: { up: number | null; down: number | null };
  /** lowering waits longer where a lowering had to be taken back */
  adaptiveScaleDown: boolean;
}

/**
 * What the brakes remember of a service, carried on from sample to sample, so that no decision has to read old
 * history. Ages are in seconds at the time of the sample, on the boot clock: the time that the host was down is not in them.
 */
export interface BrakeMemory {
  /** changes in a row that failed */
  failures?: number;
  /** since the last of them */
  failed_s?: number;
  /** the last of them, by its name in the journal */
  failed_change?: string;
  /** since the last applied change, of any direction */
  changed_s?: number;
  /** since the last applied lowering that was not taken back */
  lowered_s?: number;
  /** 2, 4 or 8: the factor by which a lowering has to wait longer */
  slowdown?: number;
  /** since a lowering was taken back */
  taken_back_s?: number;
  /** since the last raise, while it is watched: where it came from, and processes that the kernel has ended since for lack of memory */
  raised_s?: number;
  raised_from?: number;
  raised_kills?: number;
  /** raises in a row that were taken back for that */
  oom_undos?: number;
}
