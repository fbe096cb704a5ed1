import { closeSync, constants, fsyncSync, mkdirSync, openSync, rmdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { EXIT, UserError } from '../../errors.ts';
import { judgeWay, type Verdict } from './judge.ts';
import { fault, inFolder, naming, walkPath, type OpenFolder, type Way } from './walk.ts';

/** A file or folder that is not root's alone: root does not write there. */
export class Foreign extends UserError {
  constructor({ path, reason, command }: Verdict & { trusted: false }) {
    super(
      EXIT.failed,
      `${path}: ${reason}, and root writes only where nobody else can; left as it is`,
      `If it is to be root's: ${command}`,
    );
  }
}

/** @throws Foreign where a way does not lead to what is root's alone */
export function requireTrusted(way: Way): void {
  const verdict = judgeWay(way);
  if (!verdict.trusted) throw new Foreign(verdict);
}

/**
 * Makes a folder and those above it that are not there, each in one that is root's alone and on disk when this returns.
 * Answers whether it was not there.
 *
 * @throws Foreign; NodeJS.ErrnoException
 */
export function makeFolders(path: string, mode: number): boolean {
  let isMade = false;
  // another run may make one of them at the same moment, and so need us one more time
  for (let lost = 0; lost < 3;) {
    const next = walkPath(path, (way) => makeNext(way, mode));
    if (next === 'none') return isMade;
    if (next === 'made') isMade = true;
    else lost++;
  }
  throw fault('EEXIST', path, 'mkdir');
}

/** Makes the uppermost folder that is missing; `lost`: somebody else has; `none`: all are there. */
function makeNext(way: Way, mode: number): 'made' | 'lost' | 'none' {
  const { below, file, folder, isDangling } = way;
  const [name] = below;
  if (name === undefined) return 'none';
  if (file !== null || isDangling) throw fault('EEXIST', way.path, 'mkdir');
  requireTrusted(way);
  try {
    naming(way.path, () => mkdirSync(inFolder(folder, name), { mode }));
    syncOpen(folder);
    return 'made';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return 'lost';
    throw error;
  }
}

/** Makes a folder for a drop-in of ours where it is missing; on disk when this returns. @throws as `makeFolders` */
export function makeFolder(path: string): void {
  makeFolders(path, 0o755);
  // one that was there may have been made by a run that died right then
  walkPath(dirname(path), (way) => syncOpen(way.folder));
}

/** Removes a folder that we made, if nothing is in it. One that is not root's alone any more stays. */
export function removeFolderIfEmpty(path: string): void {
  walkPath(dirname(path), (way) => {
    if (way.below.length > 0 || way.path !== dirname(path) || !judgeWay(way).trusted) return;
    try {
      naming(path, () => rmdirSync(inFolder(way.folder, basename(path))));
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (['ENOENT', 'ENOTEMPTY', 'ENOTDIR'].includes(code)) return;
      throw error;
    }
    syncOpen(way.folder);
  });
}

/** Makes the entries of an open folder (names created, renamed, removed) survive a power loss. */
export function syncOpen(folder: OpenFolder): void {
  naming(folder.path, () => {
    const fd = openSync(inFolder(folder, '.'), constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  });
}
