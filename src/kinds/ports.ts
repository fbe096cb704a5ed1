import type { KindName } from '../model/types.ts';
import type { UnitState } from '../model/unit-state.ts';
import type { Withdrawn } from './gunicorn/withdraw.ts';

/** The processes of a service: the Gunicorn master or the Celery main process, and its workers. */
export interface WorkerTree {
  kind: KindName;
  masterPid: number;
  /** start of the master, in clock ticks since boot (field 22 of /proc/PID/stat) */
  masterStartTicks: number;
  workerPids: number[];
  /** that its master has started a second one, as in an upgrade, as a sentence; missing: none is */
  upgrade?: string;
}

/** A process that no other can be taken for: numbers are used again, start times are not. */
export interface ProcessRef {
  pid: number;
  /** clock ticks since boot (field 22 of /proc/PID/stat) */
  startTicks: number;
}

/**
 * `draining`: Celery still finishes its tasks; the journal says where to go on. `partly`: the service has
 * its number, and some workers beyond it, which are busy, go later. `waiting`: it does not serve yet, and that is left
 * to the next run. `kept`: it has more workers than its number, of which some never served: Gunicorn would end one that
 * serves in the place of each.
 */
export type Resized = 'done' | 'draining' | 'partly' | 'waiting' | { kept: string };

/** Celery's main process that was asked to finish its tasks. */
export interface Drain {
  boot: string;
  pid: number;
  start_ticks: number;
  since: string;
  /** the same on the boot clock, in milliseconds; an older version did not write it */
  since_ms?: number | undefined;
  signalled: boolean;
}

/** Since when a service is waited for, and for how long of it workers were seen to load, milliseconds. */
export interface Waited {
  since_ms: number;
  loading_ms: number;
}

/** A change of a running service as its kind sees it: all that is in it may change with each `note`. */
export interface PoolChange {
  service: string;
  from: number;
  to: number;
  /** it is on its way back */
  isUndoing: boolean;
  /** another run has begun it, and may have asked for something already */
  isResumed: boolean;
  /** it waits for running tasks however long they take */
  isPatient: boolean;
  /** the main process that was asked to finish its tasks; null: none */
  drain: Drain | null;
  /** what runs before have waited for the service, in the direction that the change has now; null: nothing */
  waited: Waited | null;
  /** workers that earlier changes have asked to end and that still live, by process */
  readLeaving: () => Promise<Map<number, ProcessRef>>;
  /** writes down what is new before it is done */
  note: (news: Partial<Noted>) => Promise<void>;
}

/** What a kind writes down of a change. */
export interface Noted {
  drain: Drain;
  /** workers that were asked to end and still have a request to finish */
  leaving: ProcessRef[];
  /** what was waited for has come */
  waited: null;
}

/** Time limits of a change, milliseconds. */
export interface Timing {
  /** how long a service may take until its workers are as many as they should be */
  verifyMs: number;
  /** how long it must then stay so */
  settleMs: number;
  /** between two looks at it, and at one that does not come up */
  pollMs: number;
  slowPollMs: number;
  /** how long Celery's running tasks are waited for here; after that somebody comes back to it */
  drainMs: number;
  /** between two looks at a pool that is changed while it runs */
  livePollMs: number;
  /** how long the number of its workers must stand still before it is believed, and how long that is waited for */
  stillMs: number;
  stillLimitMs: number;
  /** how long a pool may take to react */
  reactMs: number;
  /** how long Gunicorn workers that are asked to end are waited for here */
  leaveMs: number;
  /** how long services are still waited for when the run is to end, from then on; three times that on the way back */
  hurryMs: number;
}

/** What act does to processes. */
export interface ProcessActions {
  /** false for a zombie too: it does nothing any more */
  isAlive: (process: ProcessRef) => boolean;
  /** SIGTERM, to this very process of this control group alone; false: there is no such process (any more) */
  terminate: (process: ProcessRef, controlGroup: string) => boolean;
  /**
   * Asks a Gunicorn master for one worker more (SIGTTIN) or less (SIGTTOU), with the same care. `deaf`:
   * it has no handler for it, so that the signal would stop the process, and was not sent
   */
  signalMaster: (
    process: ProcessRef,
    controlGroup: string,
    signal: 'SIGTTIN' | 'SIGTTOU',
  ) => 'sent' | 'gone' | 'deaf';
  /** null: there is no such process */
  startTicks: (pid: number) => number | null;
  /** SIGKILL, with the same care as `terminate`, for a worker that never served */
  kill: (process: ProcessRef, controlGroup: string) => boolean;
  /** Asks a master for one worker less, so that this one goes, which never served: see gunicorn/withdraw.ts */
  withdraw: (master: ProcessRef, worker: ProcessRef, controlGroup: string) => Promise<Withdrawn>;
}

/** A command of Celery's remote control. */
export interface ControlCommand {
  method:
    | 'stats'
    | 'pool_grow'
    | 'pool_shrink'
    | 'active_queues'
    | 'cancel_consumer'
    | 'reserved'
    | 'ping';
  arguments: Record<string, number | string>;
}

/** What came back within the time limit, an answer for each worker that has the name (none: nobody has acted on it). */
export type ControlAnswer =
  | { replies: unknown[] }
  /** `isRefused`: the broker does not allow it, now or later */
  | { error: string; isRefused?: boolean };

/** Celery's remote control, over the broker of the config. */
export interface RemoteControl {
  /** the name by which the worker with this main process is addressed; null: unknown */
  nodeOf: (mainPid: number) => string | null;
  hasBroker: (service: string) => boolean;
  ask: (service: string, node: string, command: ControlCommand) => Promise<ControlAnswer>;
}

/** The world as kinds see it where they change a running service: all that a test replaces. */
export interface KindDeps {
  systemd: {
    /** others may be in the answer too */
    readUnits: (names: string[]) => Promise<Map<string, UnitState>>;
    restartUnit: (unit: string) => Promise<void>;
    startUnit: (unit: string) => Promise<void>;
    resetFailedUnit: (unit: string) => Promise<void>;
  };
  /** `empty`: the unit has no process at all */
  findWorkerTree: (
    unit: UnitState,
  ) => Promise<WorkerTree | { error: string; empty?: boolean; unreadable?: boolean }>;
  /** how long workers of a service that are there may take to load their application, milliseconds */
  bootMs: (unit: UnitState) => Promise<number>;
  /** whether Gunicorn's workers may end by themselves and be replaced (`max_requests`), as far as it is known */
  mayRecycle: (unit: UnitState) => Promise<boolean>;
  /** why new workers of a Gunicorn would not load the application, as far as it shows beforehand; null: nothing is known */
  findLoadFault: (
    unit: UnitState,
    tree: WorkerTree,
    resize: 'live' | 'restart',
  ) => Promise<string | null>;
  /** whether a Gunicorn worker has loaded its application and serves; null: unknown */
  hasBooted: (pid: number) => boolean | null;
  /**
   * The processes of a Celery pool that wait for a task, each with a mark that changes with whatever it does; null: not
   * to be told
   */
  readIdle: (mainPid: number, workerPids: readonly number[]) => ReadonlyMap<number, string> | null;
  processes: ProcessActions;
  control: RemoteControl;
  bootId: () => string;
  now: () => Date;
  /** the boot clock, which nobody sets, milliseconds */
  monotonicMs: () => number;
  sleep: (ms: number) => Promise<void>;
  /** called before each effect with its name */
  step: (name: string) => void;
  /** tells the user of something grave right before it is done */
  announce: (service: string, sentence: string) => void;
  /** how long a service's running tasks are waited for before a change is given up; Infinity: always */
  drainTimeoutMs: (service: string) => number;
  /** since when the user or systemd wants us to end soon, as `monotonicMs`: a drain is then left to the next run; null: not */
  interruptedMs: () => number | null;
  /** called when a change gets on: right before the service itself is touched, and when it serves for the first time */
  getsOn: () => void;
  /** called again and again while something lasts, for people who look on: what, since when (`monotonicMs`), how long at most */
  waitsFor: (service: string, what: string, sinceMs: number, limitMs?: number) => void;
  /** whether a change that still waits for its service is left in the journal, so that the next run goes on with it */
  mayLeave: () => boolean;
  timing: Timing;
}
