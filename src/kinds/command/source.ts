import type { KindName } from '../../model/types.ts';

/** A file that takes part in a unit, with its text exactly as read. */
export interface SourceFile {
  path: string;
  text: string;
}

/** What is known of a file besides its text. */
export interface FileFacts {
  /** where it really lies, links followed */
  realPath: string;
  /** why it is not root's alone, so that it is never edited; null: it is */
  foreign: string | null;
  /** why it cannot be read; null: it can */
  fault: string | null;
  isMissing: boolean;
}

/** The number cannot be changed safely. */
export interface Refusal {
  how: 'refused';
  kind: KindName | null;
  code:
    | 'not_gunicorn_or_celery'
    | 'kind_differs'
    | 'beat_or_flower'
    | 'autoscale'
    | 'solo_pool'
    | 'config_file'
    | 'opaque_script'
    | 'uvicorn_only'
    | 'ambiguous'
    | 'masked'
    | 'no_unit'
    | 'transient'
    | 'unreadable'
    | 'not_a_number'
    | 'overridden_later'
    | 'foreign';
  /** what stands in the way, with file and line */
  message: string;
  /** what the user can do */
  hint: string;
}
