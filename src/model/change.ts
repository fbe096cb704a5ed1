/** How a new number takes effect: `live`: on the running service, by a restart where that is impossible; `live-only`: never by a restart. */
export const APPLY_MODES = ['restart', 'live', 'live-only'] as const;
export type ApplyMode = (typeof APPLY_MODES)[number];

/** A file as it is to be after the change; `before` null: the file does not exist yet, `after` null: it is removed. */
export interface FileChange {
  path: string;
  before: string | null;
  after: string | null;
}
