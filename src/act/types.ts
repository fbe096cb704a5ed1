import type { Kind, Reason } from '../decide/types.ts';
import type { UnitState } from '../systemd/types.ts';

/** A file as it is to be after the change; `before` null: the file does not exist yet, `after` null: it is removed. */
export interface FileChange {
  path: string;
  before: string | null;
  after: string | null;
}

/** The exact edits and commands of one change of one service. Plain data: a dry run prints it and stops. */
export interface Plan {
  service: string;
  project: string | null;
  kind: Kind;
  action: 'scale_up' | 'scale_down' | 'rollback';
  from: number;
  to: number;
  files: FileChange[];
  /** what happens to the running service; `none`: it is not running and is not started */
  resize: 'restart' | 'none';
  /** whether the workers are processes that can be counted (not so for Celery's thread pools) */
  countable: boolean;
  /** the changes that a rollback takes back, by id */
  undoes: string[];
  /** folders that we made and that go in the end, where they are empty then */
  folders: string[];
  reasons: Reason[];
  /** the reasons as one sentence */
  reason: string;
}

/**
 * How a change ended.
 * - `applied`: in force and verified (where the service runs).
 * - `undone`: it failed; the files are back, the service runs as before.
 * - `failed`: it failed, and what was before could not be brought back entirely: the user is needed.
 * - `draining`: Celery finishes its tasks; the change stays in the journal and is finished later.
 * - `refused`: nothing was touched.
 */
export type ChangeResult = 'applied' | 'undone' | 'failed' | 'draining' | 'refused';

export interface Outcome {
  service: string;
  project: string | null;
  action: Plan['action'];
  from: number;
  to: number;
  result: ChangeResult;
  /** what happened, for people */
  sentence: string;
  /** what the user can do; null: nothing is needed */
  hint: string | null;
  /** the change's name in the journal; null: none was registered */
  changeId: string | null;
  /** running workers as verified; null: not running, or not countable */
  running: number | null;
  reason: string;
}

/** The processes of a service: the Gunicorn master or the Celery main process, and its workers. */
export interface WorkerTree {
  masterPid: number;
  /** start of the master, in clock ticks since boot (field 22 of /proc/PID/stat) */
  masterStartTicks: number;
  workerPids: number[];
}

/** What act asks of systemd. */
export interface SystemdActions {
  readUnits: (names: string[]) => Promise<Map<string, UnitState>>;
  daemonReload: () => Promise<void>;
  restartUnit: (unit: string) => Promise<void>;
  startUnit: (unit: string) => Promise<void>;
  resetFailedUnit: (unit: string) => Promise<void>;
}

/** Time limits of a change, milliseconds. */
export interface Timing {
  /** how long a service may take until its workers are as many as they should be */
  verifyMs: number;
  /** how long workers that are there may take to load their application */
  bootMs: number;
  /** how long it must then stay so */
  settleMs: number;
  pollMs: number;
  /** how long Celery's running tasks are waited for here; after that somebody comes back to it */
  drainMs: number;
}

/** A process that no other can be taken for: numbers are used again, start times are not. */
export interface ProcessRef {
  pid: number;
  /** clock ticks since boot (field 22 of /proc/PID/stat) */
  startTicks: number;
}

/** What act does to processes. */
export interface ProcessActions {
  /** false for a zombie too: it does nothing any more */
  isAlive: (process: ProcessRef) => boolean;
  /** SIGTERM, to this very process of this control group alone; false: there is no such process (any more) */
  terminate: (process: ProcessRef, controlGroup: string) => boolean;
}

/** The world as act sees it: all that a test replaces. */
export interface ActDeps {
  backupDir: string;
  systemd: SystemdActions;
  findWorkerTree: (unit: UnitState) => Promise<WorkerTree | { error: string }>;
  /** whether a Gunicorn worker has loaded its application and serves; null: not to be told */
  hasBooted: (pid: number) => boolean | null;
  processes: ProcessActions;
  bootId: () => string;
  now: () => Date;
  /** the boot clock, which nobody sets, milliseconds */
  monotonicMs: () => number;
  sleep: (ms: number) => Promise<void>;
  /** called before each effect with its name */
  step: (name: string) => void;
  /**
   * Notes an ended change in the history, before it leaves the journal, so that no crash can lose the
   * note; the same change may come twice after one. May throw (a full disk): then the next run does it.
   */
  record: (outcome: Outcome) => void;
  /** tells the user of something grave right before it is done */
  announce: (service: string, sentence: string) => void;
  /** how long a service's running tasks are waited for before a change is given up; Infinity: always */
  drainTimeoutMs: (service: string) => number;
  /** whether the user or systemd wants us to end soon: a drain is then left to the next run */
  interrupted: () => boolean;
  timing: Timing;
}
