import type { Refusal } from '../kinds/command/source.ts';
import type { KindTarget } from '../kinds/ports.ts';
import type { Concurrency } from '../kinds/shared/concurrency.ts';
import type { FileChange } from '../model/change.ts';
import type { KindName } from '../model/types.ts';
import type { UnitState } from '../model/unit-state.ts';

/**
 * Where services run. Everything that differs between such places is a member here; no other room knows how a service's
 * number is written, or who starts it. `act` owns the journal: it writes the files that `plan` names and puts them back, a
 * target brings them into force. Nothing here decides.
 */
export interface Target extends ActTarget {
  /** lower-case letters: `systemd` */
  name: string;
  /** find: the names of all services, running or not, that may run workers. @throws UserError where it does not answer */
  find: () => Promise<string[]>;
  /** state: as `readStates`, for many that keep asking side by side: they share calls, and nothing is blocked */
  readStatesBeside: KindTarget['readStates'];
  /** locate, for each run: what services' files say, with what earlier runs knew; see `keepUnits` of the cache */
  remember: (known?: Record<string, KnownService>) => FactsMemory;
  /** whether the files that facts were made of are as they were */
  isCurrent: (known: KnownService) => boolean;
  /** locate: what the service's files say now. @throws UserError where they cannot be read */
  locate: (service: UnitState) => Promise<Declared>;
  /** the same once some of its files have changed, for a rollback. @throws UserError where they cannot be read */
  locateAfter: (service: UnitState) => Promise<LocateAfter>;
  /** plan: the edits that set the number. Nothing is changed. @throws UserError where it does not answer */
  plan: (service: UnitState, wanted: WantedNumber) => Promise<PlannedNumber | Refusal>;
  /**
   * plan: why the service must not be restarted, as a sentence; null: it may. `also`: what is active and goes down with it.
   * `isDrained`: it ends by itself and is started afterwards. @throws UserError where it does not answer
   */
  findBarrier: (
    service: UnitState,
    also: readonly string[],
    isDrained: boolean,
  ) => Promise<string | null>;
}

/** What `act` asks of a target, besides what kinds ask of it. */
export interface ActTarget extends KindTarget {
  /** apply and undo: brings files that were edited or put back into force; running services stay as they are. @throws UserError */
  enforce: () => Promise<void>;
  /** what the restart of each of several services concerns. @throws UserError where it does not answer */
  readConcerned: (services: readonly string[]) => Promise<Map<string, Concerned>>;
  /** has something started that went down with a service, and does not wait for it. @throws UserError */
  bringBack: (name: string) => Promise<void>;
  /**
   * verify: what is not as it should be with a service that was changed, by its state alone; null: it is up.
   * `countable`: whether its workers are processes
   */
  verify: (service: UnitState, countable: boolean) => Fault | null;
  /**
   * verify: what is to be said of a service that ends by itself and is started again, as the end of a sentence; null: nothing
   * of the kind. `before`: an earlier look at it, since when it may have ended once more
   */
  tellRestarting: (service: UnitState, before?: UnitState) => string | null;
}

/** `isFinal`: waiting does not help. */
export interface Fault {
  why: string;
  isFinal: boolean;
}

/** Where a service's number of workers stands, as far as a measurement needs it. */
export type KnownLocation =
  | {
      how: 'known';
      kind: KindName;
      /** what is in force now (the default of the program where nothing is set) */
      workers: number;
      /** the number may be set elsewhere: what runs counts, and `workers` is only what is likely */
      assumed: boolean;
      /** of one that is assumed: why there is no number while nothing runs; null: then it is `workers` */
      whenDown: Refusal | null;
      /** what we wrote repeats what the service's own files no longer say: an edit of theirs has no effect */
      stale: boolean;
    }
  | Refusal;

/** The same with the characters of a file that are the number; `place` null: it is not written there, or not to be edited. */
export type Located =
  (Exclude<KnownLocation, Refusal> & { place: Place | null; path: string }) | Refusal;

/** A span of a file's text. */
export interface Place {
  path: string;
  start: number;
  end: number;
}

/** What the files of a service say of it; each part is worked out when it is asked for. */
export interface Declared {
  location: () => Located;
  /** null: there is no single worker command */
  command: () => WorkerCommand | null;
}

/** The worker command of a service by its files alone; what cannot be known is left out. */
export interface WorkerCommand {
  kind: KindName;
  /** Celery's -P, Gunicorn's worker class; null: the default */
  pool: string | null;
  words: string[];
  variables: ReadonlyMap<string, string>;
  /** how its workers serve requests; null: they serve none */
  concurrency: Concurrency | null;
  /** files that the command goes through, such as wrappers and configs */
  files: string[];
}

/** Where the number stands once `files` are as they are to be; a path in `asUsers` counts as a file of the user's own. */
export type LocateAfter = (files: FileChange[], asUsers: string[]) => Located;

/** The number that is wanted. */
export interface WantedNumber {
  to: number;
  /** `drop-in`: no file but our own is edited */
  edit: 'in-place' | 'drop-in';
  /** files that were edited since the target read them are read again first, as the change would make it do anyway */
  mayReload: boolean;
  /** how many workers run; null: that is not known */
  countRunning: (service: UnitState) => Promise<number | null>;
}

/** How the number is set. */
export interface PlannedNumber {
  /** the service as it is now */
  unit: UnitState;
  kind: KindName;
  pool: string | null;
  from: number;
  /** none: it is `to` already */
  files: FileChange[];
  /** what people must know of it besides; null: nothing */
  note: string | null;
}

/** What the restart of a service concerns. */
export interface Concerned {
  /** the service by all of its names, what is then restarted or stopped too, and what follows these */
  touches: ReadonlySet<string>;
  /** whose it is */
  owner: string;
}

/** What is known of a service from its files alone. */
export interface ServiceFacts {
  location: KnownLocation;
  /** differs when a file of the service has been edited, added or removed */
  hash: string;
  /** how its workers serve requests; null: they serve none, or which command starts them is not to be told */
  concurrency: Concurrency | null;
}

/** Facts, and all that they were made of. */
export interface KnownService {
  /** what the target says of the service's files, the config of what it runs, and the number of processors */
  from: string;
  /** each file that was read or missed, as it was; null: it was not there */
  marks: [path: string, mark: string | null][];
  facts: ServiceFacts;
}

/** What runs know of services; `units` go from run to run. */
export interface FactsMemory {
  units: Record<string, KnownService>;
  /** there is something new to be kept */
  hasChanged: boolean;
  /** @throws UserError where the service's files cannot be read */
  readFacts: (service: UnitState) => Promise<ServiceFacts>;
}
