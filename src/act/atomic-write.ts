import { constants, type BigIntStats } from 'node:fs';
import {
  link,
  lstat,
  mkdir,
  open,
  readdir,
  realpath,
  rename,
  rmdir,
  unlink,
  type FileHandle,
} from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { EXIT, UserError } from '../errors.ts';
import { explainErrno, explaining } from '../host-fault.ts';
import { sha256, syncFolder } from './durable.ts';

/** A user's file as bytes, before and after; `before` null: it must not exist, `after` null: it is removed. */
export interface FileEdit {
  /** the real path: see `resolveTarget` */
  path: string;
  before: Buffer | null;
  after: Buffer | null;
  /** a file whose owner, mode and extended attributes a file that does not exist yet is to have */
  attributesOf?: string | null;
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

/** A user's file as it is now; null: it does not exist. @throws UserError where it cannot be read */
export async function readUserFile(path: string): Promise<Buffer | null> {
  const found = await explaining(path, () => readWithStat(path));
  return found === null ? null : found.data;
}

/**
 * The file behind a path: links are followed (systemd follows them too, whoever owns them), so that
 * the link stays and its target is replaced. A path that does not exist yet stands for itself.
 *
 * @throws UserError where it leads nowhere, or where that cannot be told
 */
export async function resolveTarget(path: string): Promise<string> {
  const found = await explaining(path, () => realpath(path).catch(nullIfMissing));
  if (found !== null) return found;
  if ((await lstat(path).catch(() => null)) !== null) {
    throw new UserError(
      EXIT.failed,
      `${path}: a link whose target does not exist`,
      `Mend or remove the link: ls -l ${path}`,
    );
  }
  // the folder may be a link too
  const folder = await realpath(dirname(path)).catch(() => dirname(path));
  return join(folder, basename(path));
}

/**
 * The only writer of users' files. Nobody ever sees a file half-written: a temporary file in the same
 * folder gets the new content and the old one's owner, mode, ACL and extended attributes, is forced to
 * the disk, and takes the name by one rename. A file that is no longer what `before` says is left alone.
 *
 * @throws UserError failed: changed meanwhile, or cannot be written; the file is then as it was
 */
export async function writeUserFile(edit: FileEdit, step: (name: string) => void): Promise<void> {
  const { path } = edit;
  try {
    const now = await readWithStat(path);
    if (!isSame(now?.data ?? null, edit.before)) throw new ChangedMeanwhile(path);
    if (edit.after === null) {
      if (now !== null) await removeFile(path, step);
    } else {
      await replaceFile(path, edit.after, now, edit.attributesOf ?? null, step);
    }
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      EXIT.failed,
      `${path}: cannot be written: ${explainErrno(error)}; the file is as it was`,
    );
  }
}

/** Makes a folder for a drop-in of ours, one level, where it is missing. */
export async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { mode: 0o755 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await syncFolder(dirname(path));
}

/** Removes a folder that we made, if nothing is in it. */
export async function removeFolderIfEmpty(path: string): Promise<void> {
  try {
    await rmdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTEMPTY') return;
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Removes what a run that died while it wrote `path` has left beside it; not what is for another file. */
export async function sweepTemporaries(path: string): Promise<void> {
  const folder = dirname(path);
  const names = await readdir(folder).catch(() => []);
  const ours = names.filter((name) => TEMPORARY.test(name) && name.startsWith(temporaryHead(path)));
  for (const name of ours) await unlink(join(folder, name));
}

/** systemd reads no file of this name: neither a unit's suffix nor `.conf`. */
const TEMPORARY = /^\.autoscaler-[0-9a-f]{16}\.tmp$/;

/** Another config's run, with a lock of its own, may be writing in the same folder at this moment. */
function temporaryHead(path: string): string {
  return `.autoscaler-${sha256(Buffer.from(path)).slice(0, 8)}`;
}

interface Found {
  data: Buffer;
  stat: BigIntStats;
}

async function readWithStat(path: string): Promise<Found | null> {
  // NONBLOCK: a fifo must not hang us
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(path, flags).catch(nullIfMissing);
  if (handle === null) return null;
  try {
    const stat = await handle.stat({ bigint: true });
    if (!stat.isFile()) throw new UserError(EXIT.failed, `${path}: not a regular file`);
    return { data: await handle.readFile(), stat };
  } finally {
    await handle.close();
  }
}

function nullIfMissing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}

async function replaceFile(
  path: string,
  data: Buffer,
  now: Found | null,
  attributesOf: string | null,
  step: (name: string) => void,
): Promise<void> {
  const folder = dirname(path);
  const temp = join(folder, `${temporaryHead(path)}${randomBytes(4).toString('hex')}.tmp`);
  step(`write temporary for ${path}`);
  const handle = await open(temp, 'wx', 0o600);
  try {
    try {
      const template = now === null ? attributesOf : path;
      if (template === null) await handle.chmod(0o644);
      else await copyAttributes(template, handle);
      await handle.writeFile(data);
      step(`sync temporary for ${path}`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (!isUntouched(now, await lstat(path, { bigint: true }).catch(() => null))) {
      throw new ChangedMeanwhile(path);
    }
    step(`put in place ${path}`);
    if (now === null) {
      // a link fails where the name exists by now; a rename would replace what somebody just made
      await link(temp, path);
      await unlink(temp);
    } else {
      await rename(temp, path);
    }
  } catch (error) {
    await unlink(temp).catch(() => undefined);
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw new ChangedMeanwhile(path);
    throw error;
  }
  step(`sync folder of ${path}`);
  await syncFolder(folder);
}

async function removeFile(path: string, step: (name: string) => void): Promise<void> {
  step(`remove ${path}`);
  await unlink(path);
  await syncFolder(dirname(path));
}

/**
 * Owner, mode, ACL, SELinux context and other extended attributes. Node cannot read the latter, so
 * coreutils does it, onto the open file itself (by /proc), which nobody can exchange for a link.
 */
async function copyAttributes(from: string, to: FileHandle): Promise<void> {
  const { execa } = await import('execa');
  const target = `/proc/${process.pid}/fd/${to.fd}`;
  await execa('cp', ['--attributes-only', '--preserve=all', '--', from, target], {
    stdin: 'ignore',
    env: { LC_ALL: 'C' },
  });
}

function isSame(a: Buffer | null, b: Buffer | null): boolean {
  return a === null || b === null ? a === b : a.equals(b);
}

function isUntouched(before: Found | null, now: BigIntStats | null): boolean {
  if (before === null || now === null) return before === null && now === null;
  const { stat } = before;
  return stat.ino === now.ino && stat.mtimeNs === now.mtimeNs && stat.ctimeNs === now.ctimeNs;
}
