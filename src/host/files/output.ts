import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  openSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname } from 'node:path';
import { explainErrno } from '../fault.ts';
import { randomText } from '../random.ts';
import { Foreign, makeFolders } from './folders.ts';
import { findDistrust, STICKY, type Component } from './trust-rule.ts';
import { judgePath } from './judge.ts';
import { fault, inFolder, naming, walkPath, whoWeAre, type Way } from './walk.ts';

/**
 * Puts a file of ours, as a whole, where the config or the command line says; that may be a folder of somebody else,
 * such as node_exporter's. Whoever owns it can do with the file what he likes, but cannot make us write elsewhere: no
 * link that he could have made is followed. `mode` null: what the umask gives.
 *
 * @throws Foreign; NodeJS.ErrnoException
 */
export function replaceOutput(path: string, data: string, mode: number | null): void {
  walkPath(dirname(path), (way) => {
    requireNoForeignLink(way);
    const { folder, below } = way;
    if (below.length > 0) throw fault('ENOENT', dirname(path));
    const own = `${basename(path)}.${randomText().slice(0, 8)}.tmp`;
    naming(path, () => {
      const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
      const fd = openSync(inFolder(folder, own), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o644);
      try {
        try {
          if (mode !== null) fchmodSync(fd, mode);
          writeFileSync(fd, data);
        } finally {
          closeSync(fd);
        }
        renameSync(inFolder(folder, own), inFolder(folder, basename(path)));
      } catch (error) {
        removeQuietly(inFolder(folder, own));
        throw error;
      }
    });
  });
}

/**
 * Opens a log file to append to, and makes it (0640) and its folders where they are missing. In a folder that others can
 * write it must be a plain file of root's with this one name, reached without a link of theirs.
 *
 * @throws Foreign where it is somebody's trap; NodeJS.ErrnoException
 */
export function openLogFile(path: string): number {
  try {
    makeFolders(dirname(path), 0o755);
    return walkPath(path, openForAppend);
  } catch (error) {
    const folder = judgePath(dirname(path));
    const verdict = folder.trusted ? judgePath(path) : folder;
    if (error instanceof Foreign || verdict.trusted || verdict.uid === null) throw error;
    // whatever its owner has put there is no fault of the config
    throw new Foreign({ ...verdict, path, reason: `${verdict.reason}, ${explainErrno(error)}` });
  }
}

function openForAppend(way: Way): number {
  const { folder, below, file, path } = way;
  const [name] = below;
  if (name === undefined) throw fault('EISDIR', path);
  if (below.length > 1) throw fault('ENOENT', path);
  requireNoForeignLink(way);
  // in a sticky folder itself anybody can take a name that is not there yet
  const folders = foldersOf(way).map((each) =>
    each.path === folder.path ? { ...each, mode: each.mode & ~STICKY } : each,
  );
  const foreign = findDistrust(folders, whoWeAre());
  const at = inFolder(folder, name);
  if (foreign !== null && file !== null && !file.stat.isFile()) {
    throw new Foreign({ trusted: false, path, ...foreign });
  }
  // 0640: reasons may name services and brokers, which are nobody else's business.
  // A pipe that nobody reads must not make us wait
  const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK, O_NOFOLLOW } = constants;
  const flags = O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOFOLLOW;
  const fd = naming(path, () => openSync(at, flags, 0o640));
  if (foreign === null) return fd;
  const stat = fstatSync(fd);
  // another name of it may be where only root should write
  if (stat.isFile() && stat.nlink === 1 && isOurs(stat.uid)) return fd;
  closeSync(fd);
  throw new Foreign({ trusted: false, path, ...foreign });
}

function isOurs(uid: number): boolean {
  return uid === 0 || uid === whoWeAre().uid;
}

function foldersOf({ components }: Way): Component[] {
  return components.filter(({ kind }) => kind !== 'file');
}

/** A link is foreign by its owner, and by the folders that led to it. */
function requireNoForeignLink(way: Way): void {
  const { components, path } = way;
  for (const [index, { kind }] of components.entries()) {
    if (kind !== 'link') continue;
    const distrust = findDistrust(components.slice(0, index + 1), whoWeAre());
    if (distrust !== null) throw new Foreign({ trusted: false, path, ...distrust });
  }
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // it took its name, or somebody else has removed it
  }
}
