import type { KindName } from '../model/types.ts';
import type { UnitState } from '../model/unit-state.ts';
import type { BrokerSettings } from '../queues/queue.ts';
import type { Concurrency } from './shared/concurrency.ts';

/** The processes of a service: the Gunicorn master or the Celery main process, and its workers. */
export interface WorkerTree {
  kind: KindName;
  masterPid: number;
  /** start of the master, in clock ticks since boot (field 22 of /proc/PID/stat) */
  masterStartTicks: number;
  workerPids: number[];
  /** a sentence saying that its master has started a second one, as in an upgrade; missing: it has not */
  upgrade?: string;
}

/** Identifies one process beyond doubt: process numbers are reused, start times are not. */
export interface ProcessRef {
  pid: number;
  /** clock ticks since boot (field 22 of /proc/PID/stat) */
  startTicks: number;
}

/**
 * `draining`: Celery is still finishing its tasks; the journal says where to continue. `partly`: the service has its number
 * of workers, and some surplus ones, which are busy, end later. `waiting`: it does not serve yet, and is left to the next
 * run. `kept`: it has more workers than its number, and some of them never served: in place of each of these, Gunicorn
 * would end one that serves.
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

/** Since when a service has been waited for, and for how much of that time workers were seen to load, milliseconds. */
export interface Waited {
  since_ms: number;
  loading_ms: number;
}

/** A change of a running service as its kind sees it: any member may change with each `note`. */
export interface PoolChange {
  service: string;
  from: number;
  to: number;
  /** it is on its way back */
  isUndoing: boolean;
  /** another run began it, and may already have sent a request or a signal */
  isResumed: boolean;
  /** it waits for running tasks however long they take */
  isPatient: boolean;
  /** the main process that was asked to finish its tasks; null: none */
  drain: Drain | null;
  /** how long earlier runs have waited for the service, in the present direction of the change; null: they have not */
  waited: Waited | null;
  /** workers that earlier changes asked to end and that are still alive, by process */
  readLeaving: () => Promise<Map<number, ProcessRef>>;
  /** records what is about to be done before it is done */
  note: (news: Partial<Noted>) => void;
}

/** What a kind records of a change. */
export interface Noted {
  drain: Drain;
  /** workers that were asked to end and still have a request to finish */
  leaving: ProcessRef[];
  /** the service is no longer waited for: it serves */
  waited: null;
}

/** Time limits of a change, milliseconds. */
export interface Timing {
  /** how long a service may take until its workers are as many as they should be */
  verifyMs: number;
  /** how long it must then stay so */
  settleMs: number;
  /** the pause between two looks at it, and at a service that does not come up */
  pollMs: number;
  slowPollMs: number;
  /** how long Celery's running tasks are waited for here; after that the caller comes back to them later */
  drainMs: number;
  /** the pause between two looks at a pool that is changed while it runs */
  livePollMs: number;
  /** how long the number of its workers must stay the same before it is trusted, and how long that may take */
  stillMs: number;
  stillLimitMs: number;
  /** how long a pool may take to react */
  reactMs: number;
  /** how long Gunicorn workers that are asked to end are waited for here */
  leaveMs: number;
  /** how long services are still waited for once the run has been asked to end; three times that on the way back */
  hurryMs: number;
}

/** What act does to processes. */
export interface ProcessActions {
  /** false for a zombie too: it no longer does anything */
  isAlive: (process: ProcessRef) => boolean;
  /** sends SIGTERM to exactly this process, if it is in this control group; false: there is no such process (any longer) */
  terminate: (process: ProcessRef, controlGroup: string) => boolean;
  /** null: there is no such process */
  startTicks: (pid: number) => number | null;
  /** sends SIGKILL, with the same care as `terminate`, to a worker that never served */
  kill: (process: ProcessRef, controlGroup: string) => boolean;
}

/**
 * How a command ended that was run as a service is. `said`: the last of what it wrote to stderr, cleaned. `isLate`: it was
 * ended at its limit. `unknown`: why it could not be run.
 */
export type RunApart =
  { exitCode: number | null; isLate: boolean; said: string } | { unknown: string };

/** A command to be run once as a service is: with its limits, and with what it may see and do. */
export interface ApartCommand {
  service: string;
  /** whose process it is like, in user and groups */
  likePid: number;
  /** absolute paths and literal words; it writes to stdout once it has begun */
  argv: readonly string[];
  input: string;
  limitMs: number;
}

/** What kinds ask of the place where services run; see `Target`. */
export interface KindTarget {
  /** the answer may contain other services too */
  readStates: (names: string[]) => Promise<Map<string, UnitState>>;
  restart: (service: string) => Promise<void>;
  start: (service: string) => Promise<void>;
  /** forgets earlier failures, so that no limit on starts stands in the way */
  resetFailed: (service: string) => Promise<void>;
  /** how workers serve requests by what the service's files say; null: that is not known, or they serve none */
  readConcurrency: (service: UnitState) => Promise<Concurrency | null>;
  runApart: (command: ApartCommand) => Promise<RunApart>;
}

/** What one kind alone needs of the world: made in its folder when it is first asked for. A test puts its own in its place. */
export interface KindPort<T> {
  open: (deps: KindDeps) => T;
}

/** The world as kinds see it when they change a running service: everything that a test replaces. */
export interface KindDeps {
  target: KindTarget;
  /** `empty`: the unit has no process at all */
  findWorkerTree: (
    unit: UnitState,
  ) => Promise<WorkerTree | { error: string; empty?: boolean; unreadable?: boolean }>;
  /** how long existing workers of a service may take to load their application, milliseconds */
  bootMs: (unit: UnitState) => Promise<number>;
  /** where the queues of a service are by the config; null: it names no broker for it */
  brokerOf: (service: string) => BrokerSettings | null;
  /** what single kinds need besides; see `portOf` */
  ports: Map<unknown, unknown>;
  processes: ProcessActions;
  bootId: () => string;
  now: () => Date;
  /** the boot clock, which nobody sets, milliseconds */
  monotonicMs: () => number;
  sleep: (ms: number) => Promise<void>;
  /** called before each effect with its name */
  step: (name: string) => void;
  /** warns the user of something grave right before it is done */
  announce: (service: string, sentence: string) => void;
  /** how long a service's running tasks are waited for before a change is given up; Infinity: without a limit */
  drainTimeoutMs: (service: string) => number;
  /** since when (`monotonicMs`) the user or systemd has wanted us to end, and drains are left to the next run; null: not */
  interruptedMs: () => number | null;
  /** called when a change makes progress: right before the service is touched, and when it serves for the first time */
  getsOn: () => void;
  /** called repeatedly during a wait, for people who watch: what for, since when (`monotonicMs`), and for how long at most */
  waitsFor: (service: string, what: string, sinceMs: number, limitMs?: number) => void;
  /** whether a change that still waits for its service may be left in the journal for the next run to continue */
  mayLeave: () => boolean;
  timing: Timing;
}
