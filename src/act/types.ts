import type { Kind, Reason } from '../decide/types.ts';

/** A file as it is to be after the change; `before` null: the file does not exist yet, `after` null: it is removed. */
export interface FileChange {
  /** the real path, symlinks resolved */
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
  reasons: Reason[];
  /** the reasons as one sentence */
  reason: string;
}
