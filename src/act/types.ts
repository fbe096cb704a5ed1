import type { ApplyMode, FileChange } from '../model/change.ts';
import type { KindName, Reason } from '../model/types.ts';

/** The exact edits and commands of one change of one service. Plain data: a dry run prints it and stops. */
export interface Plan {
  service: string;
  project: string | null;
  kind: KindName;
  /**
   * `heal`: no file changes, the running workers are brought to the number that the service declares; `renew`: our
   * drop-in follows an edit of what it repeats, with the number as it is
   */
  action: 'scale_up' | 'scale_down' | 'rollback' | 'heal' | 'renew';
  /** declared workers; with `heal` the running ones */
  from: number;
  to: number;
  files: FileChange[];
  /** the apply mode that is asked for */
  apply: ApplyMode;
  /**
   * What happens to the running service. `live`: its pool is changed while it runs; `none`: nothing,
   * because it is not running (and is not started), or because it may not be restarted
   */
  resize: 'live' | 'restart' | 'none';
  /** why the running service cannot be changed without a restart, although that is asked for; null: it can, or nobody asks */
  obstacle: string | null;
  /** why the service must not be restarted, whatever is asked for; null: it may */
  barrier: string | null;
  /** where it is restarted: units that are active and that systemd restarts or stops with it */
  also: string[];
  /** whether the workers are processes that can be counted (not so for Celery's thread pools) */
  countable: boolean;
  /** the changes that a rollback takes back, by id */
  undoes: string[];
  /** folders that we made and that go in the end, where they are empty then */
  folders: string[];
  reasons: Reason[];
  /** the reasons as one sentence */
  reason: string;
  /** what people must know of it besides, once it is made; missing: nothing */
  note?: string;
}

/**
 * How a change ended.
 * - `applied`: in force and verified (where the service runs).
 * - `undone`: it failed; the files are back, the service runs as before.
 * - `failed`: it failed, and what was before could not be brought back entirely: the user is needed.
 * - `draining`: the service finishes its tasks; the change stays in the journal and is finished later.
 * - `waiting`: the service does not serve yet; the change stays in the journal and is finished or taken back later.
 * - `refused`: nothing was touched.
 */
export type ChangeResult = 'applied' | 'undone' | 'failed' | 'draining' | 'waiting' | 'refused';

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
  /** why the running service was not changed without a restart, where that was asked for; missing: it was, or nobody asked */
  obstacle?: string;
  /** why nothing was done now, where that is no failure and a later run may do it */
  held?: string;
  /** what people must know besides, part of the sentence; missing: nothing */
  note?: string;
  /** of one that goes on: it has failed, and is on its way back; missing: it may still succeed */
  failed?: true;
}

/** What was found unfinished, and what became of it. */
export interface Recovery {
  /** changes that were finished or undone, or that go on draining or waiting */
  outcomes: Outcome[];
  /** records that cannot be used, for people */
  faults: string[];
  /** services that must not be changed in this run: a change of theirs is still open */
  blocked: string[];
  /** none must be changed: there is an open change of which nobody can tell whose it is */
  allBlocked: boolean;
}

/** A recovery that has begun. */
export interface Recovering {
  /** what it has come to so far; a service that it is still at is `blocked` */
  recovery: Recovery;
  /** resolves when it is through */
  ended: Promise<void>;
}
