import { readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EXIT, UserError } from '../errors.ts';
import { makeFolders } from '../make-folders.ts';
import { explainErrno } from '../host-fault.ts';
import { readUserFile, resolveTarget, type FileEdit } from './atomic-write.ts';
import { sha256, syncFile, syncFolder } from './durable.ts';
import {
  changesFolder,
  listFinished,
  makeChange,
  removeChange,
  renameChange,
  saveManifest,
} from './journal.ts';
import type { FileRecord, Identity, Manifest } from './manifest.ts';
import { chainOf } from './chain.ts';
import { withoutEnd } from './outcome.ts';
import { pruneBackups } from './retention.ts';
import type { ActDeps, FileChange, Outcome, Plan } from './types.ts';

/** A change in progress: its folder in the journal, its record, and its files as bytes. */
export interface Change {
  folder: string;
  manifest: Manifest;
  edits: FileEdit[];
  /** the paths that may have been written; null: not known, since another run did it */
  written: Set<string> | null;
}

/**
 * Registers a change before the first byte of a user's file changes: copies and manifest are on disk
 * when it returns.
 *
 * @throws UserError failed: a file is not what the plan was made from, or the backup cannot be
 *   written; nothing is changed then
 */
export async function registerChange(plan: Plan, before: Identity, deps: ActDeps): Promise<Change> {
  const edits: FileEdit[] = [];
  for (const file of plan.files) edits.push(await toEdit(file));
  deps.step('register');
  try {
    return await writeCheckpoint(plan, edits, before, deps);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      EXIT.failed,
      `${deps.backupDir}: the backup cannot be written: ${explainErrno(error)}; nothing was changed`,
      'Make room there, or set "backup_dir" in "global" to another folder.',
    );
  }
}

/** Writes down a new state of the change, before what it announces is done. */
export async function saveChange(
  change: Change,
  news: Partial<Manifest>,
  deps: ActDeps,
): Promise<void> {
  deps.step(`save ${Object.keys(news).join(', ')}`);
  change.manifest = { ...change.manifest, ...news };
  await saveManifest(change.folder, change.manifest);
}

/**
 * Ends a change: its outcome is written down and noted in the history, then one rename makes it history.
 * Old backups go. What of it could not be written is added to the outcome's sentence; the next run does
 * it then.
 */
export async function endChange(
  change: Change,
  outcome: Outcome & { result: EndResult },
  why: string,
  deps: ActDeps,
): Promise<Outcome> {
  const { result } = outcome;
  try {
    await saveChange(change, { outcome: { at: deps.now().toISOString(), result, why } }, deps);
    deps.step('record');
    deps.record(outcome);
    deps.step('finish');
    change.folder = await renameChange(deps.backupDir, change.folder, change.manifest.id);
    deps.step('prune');
    await pruneBackups(deps.backupDir, change.manifest.service, deps.now());
    return outcome;
  } catch (error) {
    recordAnyhow(outcome, deps);
    return withoutEnd(outcome, error);
  }
}

/** Notes in the history what stays in the journal; where it cannot be written, the next try does it. */
function recordAnyhow(outcome: Outcome, deps: ActDeps): void {
  try {
    deps.record(outcome);
  } catch {
    // the outcome itself is what the user hears of
  }
}

type EndResult = NonNullable<Manifest['outcome']>['result'];

/** Forgets a change that touched nothing. */
export async function discardChange(change: Change, deps: ActDeps): Promise<void> {
  deps.step('discard');
  await removeChange(deps.backupDir, change.folder).catch((error: NodeJS.ErrnoException) => {
    // somebody removed the backups meanwhile: it is forgotten already
    if (error.code !== 'ENOENT') throw error;
  });
}

/** The bytes that a file had before the change. */
export async function readCopy(change: Change, file: FileRecord): Promise<Buffer | null> {
  return file.copy === null ? null : readFile(join(change.folder, file.copy));
}

async function toEdit(file: FileChange): Promise<FileEdit> {
  const path = await resolveTarget(file.path);
  const before = await readUserFile(path);
  if ((before?.toString('utf8') ?? null) !== file.before) {
    const how = before === null ? 'was removed' : 'was edited by somebody else';
    throw new UserError(
      EXIT.failed,
      `${path}: it ${how} since the change was planned; nothing was changed`,
      'Nothing to do: the next run starts from the file as it is now.',
    );
  }
  if (before !== null && !before.equals(Buffer.from(file.before ?? '', 'utf8'))) {
    throw new UserError(
      EXIT.failed,
      `${path}: expected UTF-8, found bytes that are not; nothing was changed`,
      `Convert it, for instance: iconv -f latin1 -t utf8 ${path}`,
    );
  }
  return { path, before, after: file.after === null ? null : Buffer.from(file.after, 'utf8') };
}

async function writeCheckpoint(
  plan: Plan,
  edits: FileEdit[],
  before: Identity,
  deps: ActDeps,
): Promise<Change> {
  await makePrivateFolder(changesFolder(deps.backupDir));
  const { id, folder } = makeChange(deps.backupDir, plan.service);
  try {
    const chain = chainOf(await listFinished(deps.backupDir, plan.service));
    const files: FileRecord[] = [];
    for (const [index, edit] of edits.entries()) {
      const previous = chain.findLast((each) => each.files.some((file) => file.path === edit.path));
      files.push(
        await recordFile(edit, join(folder, String(index)), {
          ours_alone: isOursAlone(edit, previous),
        }),
      );
    }
    const manifest = toManifest(plan, id, files, before, deps.now());
    await saveManifest(folder, manifest);
    deps.step('registered');
    const pending = await renameChange(deps.backupDir, folder, `${id}.pending`);
    return { folder: pending, manifest, edits, written: new Set() };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Copies hold what users' files hold, passwords too: root's eyes alone. */
async function makePrivateFolder(path: string): Promise<void> {
  const first = makeFolders(path, 0o700);
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) {
    await syncFolder(dirname(made));
  }
}

async function recordFile(
  edit: FileEdit,
  copy: string,
  rest: Pick<FileRecord, 'ours_alone'>,
): Promise<FileRecord> {
  const folder = dirname(edit.path);
  const record = {
    ...rest,
    path: edit.path,
    sha256_after: edit.after === null ? null : sha256(edit.after),
    made_folder: (await stat(folder).catch(() => null)) === null ? folder : null,
  };
  if (edit.before === null) {
    return { ...record, copy: null, sha256_before: null, uid: null, gid: null, mode: null };
  }
  const { execa } = await import('execa');
  // with owner, mode, ACL and extended attributes: what restores a file that was removed
  await execa('cp', ['--preserve=all', '--', edit.path, copy], { stdin: 'ignore' });
  await syncFile(copy);
  const copied = await readFile(copy);
  if (!copied.equals(edit.before)) throw new Error(`${edit.path} changed while it was copied`);
  const { uid, gid, mode } = await stat(edit.path);
  return {
    ...record,
    copy: copy.slice(dirname(copy).length + 1),
    sha256_before: sha256(edit.before),
    uid,
    gid,
    mode: mode & 0o7777,
  };
}

/** Whether the file is still as our last change of it left it (or this is our first). */
function isOursAlone(edit: FileEdit, previous: Manifest | undefined): boolean {
  const last = previous?.files.find((file) => file.path === edit.path);
  if (last === undefined) return true;
  const now = edit.before === null ? null : sha256(edit.before);
  return last.ours_alone && last.sha256_after === now;
}

function toManifest(
  plan: Plan,
  id: string,
  files: FileRecord[],
  before: Identity,
  now: Date,
): Manifest {
  const { service, project, kind, action, from, to, reason, resize, countable, undoes, folders } =
    plan;
  const live = resize === 'live' ? { live_only: plan.apply === 'live-only' } : {};
  return {
    ...{ v: 1, id, at: now.toISOString(), service, project, kind, action, from, to, reason },
    ...{ resize, ...live, countable, undoes, folders, files, before },
    ...{ touched: false, drain: null, undo_because: null, outcome: null },
  };
}
