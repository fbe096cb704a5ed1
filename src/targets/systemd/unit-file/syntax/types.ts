import type { FileFacts, Refusal, SourceFile } from '../../../../kinds/command/source.ts';
import type { KindName } from '../../../../model/types.ts';

/** All that is needed to find the number of a unit; nothing is read behind this. */
export interface UnitSources {
  /** the unit's name, such as `web@shop.service` */
  unit: string;
  /** the main file; null where the unit has none */
  fragment: SourceFile | null;
  /** drop-ins in the order in which systemd merges them; ours is among them once it exists */
  dropIns: SourceFile[];
  /** EnvironmentFile= in order; text null: not readable */
  environmentFiles: { path: string; text: string | null }[];
  /** WorkingDirectory=, resolved by systemd, where set */
  workingDirectory: string | null;
  /** reads a file that the command line names (a Gunicorn config file); null: not there or not readable */
  readFile: (path: string) => string | null;
  /** of any file that the unit names */
  factsOf: (path: string) => FileFacts;
  /** the environment file beside our drop-in, as it is on disk; null: there is none */
  ourEnvironment: string | null;
  /** paths that other units also use: never edited for one of them */
  sharedPaths: ReadonlySet<string>;
  /** `drop-in`: no file but our own is edited */
  edit: 'in-place' | 'drop-in';
  /** processors of the host: Celery's default concurrency */
  cpus: number;
  /** what the config says that it runs, where its command line does not show it; missing: nothing */
  kind?: KindName | undefined;
}

/** Where a unit's number of workers stands and how to change it. */
export type Location =
  /** the number is text in a file that is this unit's own: edit it in place */
  | {
      how: 'splice';
      kind: KindName;
      workers: number;
      path: string;
      start: number;
      end: number;
      what: string;
    }
  /** the number is nowhere, or in a file that is not ours to edit: it is set by our drop-in */
  | {
      how: 'drop_in';
      kind: KindName;
      /** what is in force now (the default of the program where nothing is set) */
      workers: number;
      path: string;
      /** the drop-in's whole text for N workers */
      text: (workers: number) => string;
      /** our environment file, which the drop-in names; text null: it does so no more; missing: there is none */
      environment?: { path: string; text: ((workers: number) => string) | null };
      /** drop-ins of ours with other names, which this one takes the place of */
      replaces: string[];
      /** what it repeats of the files below it stands there no more: an edit of theirs has no effect */
      stale: boolean;
      /** why a drop-in: for people */
      why: string;
      /** the number may be set outside of the unit: what runs counts, and `workers` is only what is likely */
      assumed: boolean;
      /** of one that is assumed: why there is no number while nothing runs; null: then it is `workers` */
      whenDown: Refusal | null;
      /** what sets the number now, and counts no more once our drop-in does, for people; null: nothing, or it does already */
      overrules: string | null;
    }
  | Refusal;

/** A command and the variables that are known of its environment; what cannot be known is left out of both. */
export interface CommandWords {
  words: string[];
  variables: ReadonlyMap<string, string>;
}

/** What the command line says of the pool; running workers can only be counted where it has processes. */
export interface CommandFacts {
  kind: KindName;
  /** Celery's -P, Gunicorn's worker class; null: the default */
  pool: string | null;
  /** Celery -B: a beat process stands among the pool's children */
  embeddedBeat: boolean;
}
