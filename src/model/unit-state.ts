import type { KindName } from './types.ts';

/** What `systemctl show` says of one unit, parsed. Unset or `[not set]` values are null. */
export interface UnitState {
  /** the name that was asked for */
  unit: string;
  /** the unit's own name after aliases are followed */
  id: string;
  /** loaded, not-found, masked, error, bad-setting */
  loadState: string;
  loadError: string | null;
  /** active, reloading, inactive, failed, activating, deactivating */
  activeState: string;
  subState: string;
  /** enabled, disabled, static, masked, linked, generated, transient … */
  unitFileState: string | null;
  /** simple, exec, notify, forking, oneshot … */
  type: string | null;
  mainPid: number | null;
  controlGroup: string | null;
  /** where the main file lies; null where there is none */
  fragmentPath: string | null;
  /** drop-ins in the order in which systemd merges them */
  dropInPaths: string[];
  /** EnvironmentFile= as systemd resolves it (specifiers and patterns expanded), in order; `tooMany`: a pattern still */
  environmentFiles: { path: string; optional: boolean; tooMany?: true }[];
  workingDirectory: string | null;
  /** systemd's own restarts of the service since it was started by hand */
  nRestarts: number | null;
  /** start of the main process, microseconds on the boot clock */
  mainStartUs: number | null;
  /** files on disk differ from what systemd has loaded */
  needDaemonReload: boolean;
  /** CPU time used by the unit's cgroup, nanoseconds */
  cpuUsageNs: number | null;
  /** CPUQuota= as processors; null: none */
  cpuQuotaCores: number | null;
  /** MemoryMax= and MemoryHigh= of the unit itself; null: none */
  memoryMaxBytes: number | null;
  memoryHighBytes: number | null;
  result: string | null;
  /** names its present start */
  invocationId: string | null;
  /** what the config says that it runs, where its command line does not show it; missing: nothing */
  kind?: KindName | undefined;
}

/** Whether a service runs, or is about to: one that does not is never started by us. */
export function isRunning(unit: UnitState): boolean {
  return ['active', 'reloading', 'activating'].includes(unit.activeState);
}

/** Whether a unit has no processes, by what systemd says. */
export function isDown(unit: UnitState): boolean {
  return unit.activeState === 'inactive' || unit.activeState === 'failed';
}
