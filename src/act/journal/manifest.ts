// the namespace import lets the bundler drop what is not used: `{ z }` would keep all of zod
import * as z from 'zod/mini';
import { KIND_NAMES } from '../../kinds/registry.ts';

const FileRecord = z.object({
  /** the real path */
  path: z.string(),
  /** name of the copy of what was before, in the change's folder; null: the file did not exist */
  copy: z.nullable(z.string()),
  sha256_before: z.nullable(z.string()),
  /** null: the change removes the file */
  sha256_after: z.nullable(z.string()),
  uid: z.nullable(z.number()),
  gid: z.nullable(z.number()),
  mode: z.nullable(z.number()),
  /** extended attributes, their values in hexadecimal digits; an older version kept them on the copy itself */
  attributes: z.optional(z.array(z.object({ name: z.string(), value: z.string() }))),
  /** the folder that had to be made for the file */
  made_folder: z.nullable(z.string()),
  /** nobody but us has edited the file since the first change that is not taken back */
  ours_alone: z.boolean(),
});

const Identity = z.object({
  boot: z.string(),
  main_pid: z.nullable(z.number()),
  main_start_us: z.nullable(z.number()),
});

const ProcessRecord = z.object({ boot: z.string(), pid: z.number(), start_ticks: z.number() });

const Drain = z.object({
  boot: z.string(),
  pid: z.number(),
  start_ticks: z.number(),
  since: z.string(),
  /** the same on the boot clock, in milliseconds; an older version did not write it */
  since_ms: z.optional(z.number()),
  signalled: z.boolean(),
});

/** A unit that is active with the service, and that systemd stops or restarts with it. */
const Follower = z.object({
  unit: z.string(),
  /** it was on its way to it; a job that was running then need not run again */
  starting: z.boolean(),
});

const Waiting = z.object({
  boot: z.string(),
  /** on the boot clock, milliseconds */
  since_ms: z.number(),
  /** for how long of this time workers were seen to load their application */
  loading_ms: z.number(),
});

/** The record of one change: `manifest.json` in its folder. A newer form gets a higher `v`. */
export const Manifest = z.object({
  v: z.literal(1),
  id: z.string(),
  at: z.string(),
  service: z.string(),
  project: z.nullable(z.string()),
  kind: z.enum(KIND_NAMES),
  action: z.enum(['scale_up', 'scale_down', 'rollback', 'heal', 'renew']),
  from: z.number(),
  to: z.number(),
  reason: z.string(),
  resize: z.enum(['live', 'restart', 'none']),
  /** where `resize` is `live`: the service must not be restarted instead */
  live_only: z.optional(z.boolean()),
  /** Gunicorn workers that were asked to end and still had a request to finish when the change ended */
  leaving: z.optional(z.array(ProcessRecord)),
  countable: z.boolean(),
  undoes: z.array(z.string()),
  /** folders that we made and that go in the end, where they are empty then */
  folders: z.array(z.string()),
  files: z.array(FileRecord),
  /** the main process when the change was registered: whether the service was touched shows against it */
  before: Identity,
  /** what was active with the service then; an older version did not write it */
  followers: z.optional(z.array(Follower)),
  /** where one could connect to it then; missing: nowhere, or it could not be seen */
  listeners: z.optional(z.array(z.string())),
  /** written before the service itself is touched: the files are in place then, and systemd knows them */
  touched: z.boolean(),
  /** the Celery main process that was asked to finish its tasks; null: none */
  drain: z.nullable(Drain),
  /**
   * since when its service is waited for, where a run has left that to the next one; missing or null: none has. Counts for
   * the direction that the change has now
   */
  waiting: z.optional(z.nullable(Waiting)),
  /** why it is taken back; null: it goes forward */
  undo_because: z.nullable(z.string()),
  /** how it ended; null while it has not */
  outcome: z.nullable(
    z.object({ at: z.string(), result: z.enum(['applied', 'undone', 'failed']), why: z.string() }),
  ),
});

export type Manifest = z.infer<typeof Manifest>;
export type FileRecord = z.infer<typeof FileRecord>;
export type Follower = z.infer<typeof Follower>;
export type Waiting = z.infer<typeof Waiting>;
export type Identity = z.infer<typeof Identity>;

/**
 * Why a manifest cannot be used: it is damaged, of a newer version, or the host does not let us read it at this
 * moment.
 */
export interface ManifestFault {
  fault: 'corrupt' | 'newer' | 'unreadable';
  /** null: not even that can be told */
  service: string | null;
  detail: string;
}

/** Reads a manifest's text; never throws. */
export function parseManifest(text: string): Manifest | ManifestFault {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { fault: 'corrupt', service: null, detail: (error as Error).message };
  }
  const head = z.object({ v: z.number(), service: z.optional(z.string()) }).safeParse(value);
  const service = head.data?.service ?? null;
  if (head.success && head.data.v > 1) {
    return { fault: 'newer', service, detail: `format ${head.data.v}, this version knows 1` };
  }
  const parsed = Manifest.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return {
    fault: 'corrupt',
    service,
    detail: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not a manifest'}`,
  };
}
