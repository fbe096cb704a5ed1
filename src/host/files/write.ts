import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename } from 'node:path';
import { EXIT, UserError } from '../../errors.ts';
import { explainErrno } from '../fault.ts';
import { writeAttributes } from './attributes.ts';
import { requireTrusted, syncOpen } from './folders.ts';
import { MOST_BYTES, type FoundFile } from './read.ts';
import { readLike, readRegular, type Like } from './target.ts';
import { temporaryFor } from './temporaries.ts';
import { inFolder, walkPath, whoWeAre, type OpenFolder, type Way } from './walk.ts';

/** A user's file as bytes, before and after; `before` null: it must not exist, `after` null: it is removed. */
export interface FileEdit {
  /** the real path: see `readTarget` */
  path: string;
  before: Buffer | null;
  after: Buffer | null;
  /** what a file that does not exist yet is to be like; by default ours, 0644 */
  like?: Like | null;
}

/** Somebody else (`systemctl edit`) was quicker: their file is left alone. */
export class ChangedMeanwhile extends UserError {
  constructor(path: string) {
    super(
      EXIT.failed,
      `${path}: somebody else changed it at the same time; left as it is`,
      'Nothing to do: the next run starts from the file as it is now.',
    );
  }
}

/**
 * The only writer of users' files. It works in an open folder that is root's alone at this moment, so that no name on the
 * way can be exchanged. Nobody ever sees a file half-written: a temporary file in the same folder gets the new
 * content and the old one's owner, mode, ACL and extended attributes, is forced to the disk, and takes the name by one
 * rename. A file that is no longer what `before` says is left alone.
 *
 * @throws UserError failed: changed meanwhile, foreign, or cannot be written; the file is then as it was
 */
export function writeUserFile(edit: FileEdit, step: (name: string) => void): void {
  const { path, before } = edit;
  try {
    walkPath(path, (way) => {
      requireTrusted(way);
      // a link has come between, or the folder is gone
      if (way.path !== path) throw new ChangedMeanwhile(path);
      const now = readRegular(way, Math.max(MOST_BYTES, before?.length ?? 0));
      if (!isSame(now?.bytes ?? null, before)) throw new ChangedMeanwhile(path);
      if (edit.after !== null) replaceFile(way, edit.after, now, edit.like ?? null, step);
      else if (now !== null) removeFile(way, step);
    });
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      EXIT.failed,
      `${path}: cannot be written: ${explainErrno(error)}; the file is as it was`,
    );
  }
}

function replaceFile(
  way: Way,
  data: Buffer,
  now: FoundFile | null,
  wanted: Like | null,
  step: (name: string) => void,
): void {
  const { path, folder } = way;
  const name = basename(path);
  const own = temporaryFor(path);
  const like = wanted ?? likeBefore(way, now);
  step(`write temporary for ${path}`);
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const fd = openSync(inFolder(folder, own), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    try {
      fchownSync(fd, like.uid, like.gid);
      fchmodSync(fd, like.mode & 0o777);
      if (now !== null || wanted !== null) writeAttributes(fd, like.attributes, path);
      writeFileSync(fd, data);
      step(`sync temporary for ${path}`);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    if (!isUntouched(now, folder, name)) throw new ChangedMeanwhile(path);
    step(`put in place ${path}`);
    if (now === null) {
      // a link fails where the name exists by now; a rename would replace what somebody just made
      linkSync(inFolder(folder, own), inFolder(folder, name));
      unlinkSync(inFolder(folder, own));
    } else {
      renameSync(inFolder(folder, own), inFolder(folder, name));
    }
  } catch (error) {
    removeQuietly(folder, own);
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw new ChangedMeanwhile(path);
    throw error;
  }
  step(`sync folder of ${path}`);
  syncOpen(folder);
}

function likeBefore(way: Way, now: FoundFile | null): Like {
  if (now !== null) return readLike(way, now.stat);
  return { ...whoWeAre(), mode: 0o644, attributes: [] };
}

function removeFile({ path, folder }: Way, step: (name: string) => void): void {
  step(`remove ${path}`);
  unlinkSync(inFolder(folder, basename(path)));
  syncOpen(folder);
}

function removeQuietly(folder: OpenFolder, name: string): void {
  try {
    unlinkSync(inFolder(folder, name));
  } catch {
    // it took its name, or the next run does it
  }
}

function isSame(a: Buffer | null, b: Buffer | null): boolean {
  return a === null || b === null ? a === b : a.equals(b);
}

/** Whether the name still is the very file that was read. */
function isUntouched(before: FoundFile | null, folder: OpenFolder, name: string): boolean {
  const now = lstatSync(inFolder(folder, name), { bigint: true, throwIfNoEntry: false });
  if (before === null || now === undefined) return before === null && now === undefined;
  const { stat } = before;
  return (
    stat.dev === now.dev &&
    stat.ino === now.ino &&
    stat.mtimeNs === now.mtimeNs &&
    stat.ctimeNs === now.ctimeNs
  );
}
