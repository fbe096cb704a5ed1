import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { EXIT, UserError } from '../../errors.ts';
import { makeFolders, requireTrusted } from '../../host/files/folders.ts';
import { decodeText, encodeText } from '../../host/files/text.ts';
import { walkPath } from '../../host/files/walk.ts';
import { readTarget, type Target } from '../../host/files/target.ts';
import { replaceOwn } from '../../host/files/own.ts';
import type { FileEdit } from '../../host/files/write.ts';
import { explainErrno } from '../../host/fault.ts';
import { sha256 } from './sha256.ts';
import {
  changesFolder,
  listFinished,
  makeChange,
  readCopyIn,
  removeChange,
  renameChange,
  saveManifest,
} from './journal.ts';
import type { FileRecord, Manifest } from './manifest.ts';
import { chainOf } from './chain.ts';
import { withoutEnd } from './outcome.ts';
import { pruneBackups } from './retention.ts';
import type { ActDeps } from '../ports.ts';
import type { FileChange } from '../../model/change.ts';
import type { Outcome, Plan } from '../types.ts';

/** What runs when a change is registered. */
export type Before = Pick<Manifest, 'before' | 'followers' | 'listeners'>;

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
export async function registerChange(plan: Plan, before: Before, deps: ActDeps): Promise<Change> {
  const targets = plan.files.map(findTarget);
  deps.step('register');
  try {
    return await writeCheckpoint(plan, targets, before, deps);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      EXIT.failed,
      `${deps.backupDir}: the backup cannot be written: ${explainErrno(error)}; nothing was changed`,
      'Free some space there, or set "backup_dir" in "global" to another folder.',
    );
  }
}

/** Writes down a new state of the change, before what it announces is done. */
export function saveChange(change: Change, news: Partial<Manifest>, deps: ActDeps): void {
  deps.step(`save ${Object.keys(news).join(', ')}`);
  change.manifest = { ...change.manifest, ...news };
  saveManifest(change.folder, change.manifest);
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
    saveChange(change, { outcome: { at: deps.now().toISOString(), result, why } }, deps);
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
export function readCopy(change: Change, file: FileRecord): Buffer | null {
  return file.copy === null ? null : readCopyIn(change.folder, file.copy);
}

/** A file as the plan wants it, and as it was found by one look: that is what is backed up and edited. */
interface Planned extends Target {
  after: Buffer | null;
}

function findTarget(file: FileChange): Planned {
  const target = readTarget(file.path);
  const { path, bytes } = target;
  if ((bytes === null ? null : decodeText(bytes)) !== file.before) {
    const how = bytes === null ? 'was removed' : 'was edited by somebody else';
    throw new UserError(
      EXIT.failed,
      `${path}: it ${how} since the change was planned; nothing was changed`,
      'Nothing to do: the next run starts from the file as it is now.',
    );
  }
  return { ...target, after: file.after === null ? null : encodeText(file.after) };
}

async function writeCheckpoint(
  plan: Plan,
  targets: Planned[],
  before: Before,
  deps: ActDeps,
): Promise<Change> {
  // copies hold what users' files hold, passwords too: root's eyes alone
  const changes = changesFolder(deps.backupDir);
  makeFolders(changes, 0o700);
  // one that was there may be anybody's: before anything is made or removed in it
  walkPath(changes, requireTrusted);
  const { id, folder } = makeChange(deps.backupDir, plan.service);
  try {
    const chain = chainOf(await listFinished(deps.backupDir, plan.service));
    const files: FileRecord[] = [];
    for (const [index, target] of targets.entries()) {
      const previous = chain.findLast(({ files }) =>
        files.some(({ path }) => path === target.path),
      );
      const isAlone = isOursAlone(target, previous);
      files.push(recordFile(target, join(folder, String(index)), isAlone));
    }
    const manifest = toManifest(plan, id, files, before, deps.now());
    saveManifest(folder, manifest);
    deps.step('registered');
    const pending = await renameChange(deps.backupDir, folder, `${id}.pending`);
    const edits = targets.map(({ path, bytes, after }) => ({ path, before: bytes, after }));
    return { folder: pending, manifest, edits, written: new Set() };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Writes down what a file was like before; with a copy, made of the bytes that were read. */
function recordFile(
  { path, bytes, after, like, missingFolder }: Planned,
  copy: string,
  isAlone: boolean,
): FileRecord {
  const record = {
    ours_alone: isAlone,
    path,
    sha256_after: after === null ? null : sha256(after),
    made_folder: missingFolder,
  };
  if (bytes === null || like === null) {
    return { ...record, copy: null, sha256_before: null, uid: null, gid: null, mode: null };
  }
  replaceOwn(copy, bytes, { durable: true });
  return { ...record, copy: basename(copy), sha256_before: sha256(bytes), ...like };
}

/** Whether the file is still as our last change of it left it (or this is our first). */
function isOursAlone({ path, bytes }: Target, previous: Manifest | undefined): boolean {
  const last = previous?.files.find((file) => file.path === path);
  if (last === undefined) return true;
  const now = bytes === null ? null : sha256(bytes);
  return last.ours_alone && last.sha256_after === now;
}

function toManifest(
  plan: Plan,
  id: string,
  files: FileRecord[],
  before: Before,
  now: Date,
): Manifest {
  const { service, project, kind, action, from, to, reason, resize, countable, undoes, folders } =
    plan;
  const liveOnly = plan.apply === 'live-only' || plan.barrier !== null;
  const live = resize === 'live' ? { live_only: liveOnly } : {};
  return {
    ...{ v: 1, id, at: now.toISOString(), service, project, kind, action, from, to, reason },
    ...{ resize, ...live, countable, undoes, folders, files, ...before },
    ...{ touched: false, drain: null, undo_because: null, outcome: null },
  };
}
