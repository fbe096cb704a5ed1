import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  readdirSync,
  renameSync,
  unlinkSync,
  writeFileSync,
  type BigIntStats,
} from 'node:fs';
import { createHash, randomBytes } from 'node:crypto';
import { basename, dirname } from 'node:path';
import { EXIT, UserError } from '../../errors.ts';
import { explainErrno, toUserError } from '../../host-fault.ts';
import { readAttributes, writeAttributes, type Attribute } from './attributes.ts';
import { requireTrusted, syncOpen } from './folders.ts';
import { MOST_BYTES, readWay, shortReason, type FoundFile } from './read.ts';
import { judgePath, judgeWay } from './judge.ts';
import { inFolder, walkPath, whoWeAre, type OpenFolder, type Way } from './walk.ts';

/** Owner, permissions and extended attributes of a file. */
export interface Like {
  uid: number;
  gid: number;
  /** never with setuid, setgid or sticky bits */
  mode: number;
  attributes: Attribute[];
}

/** A user's file as bytes, before and after; `before` null: it must not exist, `after` null: it is removed. */
export interface FileEdit {
  /** the real path: see `readTarget` */
  path: string;
  before: Buffer | null;
  after: Buffer | null;
  /** what a file that does not exist yet is to be like; by default ours, 0644 */
  like?: Like | null;
}

/** What an edit starts from, all by one look. */
export interface Target {
  /** the real path: links stay, and what they lead to is replaced */
  path: string;
  /** null: it does not exist */
  bytes: Buffer | null;
  like: Like | null;
  /** the folder that has to be made for it; null: it is there */
  missingFolder: string | null;
}

/** Somebody else (`systemctl edit`) was quicker: their file is left alone. */
export class ChangedMeanwhile extends UserError {
  constructor(path: string) {
    super(
      EXIT.failed,
      `${path}: somebody else changed it at this moment; left as it is`,
      'Nothing to do: the next run starts from the file as it is now.',
    );
  }
}

/**
 * The file behind a path, if root may edit it.
 *
 * @throws Foreign where it is not root's alone, or the folder in which it is to be made; UserError where it leads
 *   nowhere or cannot be read
 */
export function readTarget(path: string, mostBytes = MOST_BYTES): Target {
  return explainingFaults(path, () =>
    walkPath(path, (way) => {
      if (way.isDangling) {
        throw new UserError(
          EXIT.failed,
          `${path}: a link whose target does not exist`,
          `Mend or remove the link: ls -l ${path}`,
        );
      }
      requireTrusted(way);
      const found = readRegular(way, mostBytes);
      const missingFolder = way.below.length > 1 ? dirname(way.path) : null;
      if (found === null) return { path: way.path, bytes: null, like: null, missingFolder };
      return { path: way.path, bytes: found.bytes, like: readLike(way, found.stat), missingFolder };
    }),
  );
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

/** The extended attributes of a file of root's. @throws UserError failed where they cannot be told */
export function readAttributesOf(path: string): Attribute[] {
  return explainingFaults(path, () =>
    walkPath(path, ({ file }) => (file === null ? [] : readAttributes(file.fd, path))),
  );
}

/**
 * Removes what a run that died while it wrote `path` has left beside it; not what is for another file. Where others can
 * write nothing is removed.
 */
export function sweepTemporaries(path: string): void {
  if (!canBeFollowed(dirname(path))) return;
  walkPath(dirname(path), (way) => {
    if (way.below.length > 0 || way.path !== dirname(path) || !judgeWay(way).trusted) return;
    for (const name of readdirSync(inFolder(way.folder, '.'))) {
      if (!TEMPORARY.test(name) || !name.startsWith(temporaryHead(path))) continue;
      unlinkSync(inFolder(way.folder, name));
    }
  });
}

/** Whoever owns a folder on the way can make a loop of links of it, or a file: nothing of ours is behind it then. */
function canBeFollowed(path: string): boolean {
  const verdict = judgePath(path);
  return verdict.trusted || verdict.uid !== null;
}

/** systemd reads no file of this name: neither a unit's suffix nor `.conf`. */
const TEMPORARY = /^\.autoscaler-[0-9a-f]{16}\.tmp$/;

/** Another config's run, with a lock of its own, may be writing in the same folder at this moment. */
function temporaryHead(path: string): string {
  return `.autoscaler-${createHash('sha256').update(path).digest('hex').slice(0, 8)}`;
}

function explainingFaults<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw toUserError(error, path) ?? error;
  }
}

/** The plain file that a way leads to; null: nothing is there. */
function readRegular(way: Way, mostBytes: number): FoundFile | null {
  const read = readWay(way, mostBytes);
  if ('bytes' in read && way.file?.stat.isFile() === true) return read;
  if ('fault' in read && read.fault === 'missing') return null;
  const reason = 'fault' in read ? shortReason(read) : 'a device, no plain file';
  throw new UserError(EXIT.failed, `${way.path}: cannot be read (${reason})`);
}

function readLike({ file, path }: Way, { uid, gid, mode }: BigIntStats): Like {
  return {
    uid: Number(uid),
    gid: Number(gid),
    mode: Number(mode) & 0o777,
    attributes: file === null ? [] : readAttributes(file.fd, path),
  };
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
  const own = `${temporaryHead(path)}${randomBytes(4).toString('hex')}.tmp`;
  const like = wanted ?? likeBefore(way, now);
  step(`write temporary for ${path}`);
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const fd = openSync(inFolder(folder, own), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    try {
      fchownSync(fd, like.uid, like.gid);
      fchmodSync(fd, like.mode & 0o777);
      writeAttributes(fd, like.attributes, path);
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
