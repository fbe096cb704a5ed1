import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Makes the entries of a folder (names created, renamed, removed) survive a power loss. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes the content of a file survive a power loss. */
export const syncFile = syncFolder;

/** Replaces a file of our own (not a user's) as a whole: never half-written, on disk when it returns. */
export async function writeOwnFile(path: string, data: string): Promise<void> {
  const temp = `${path}.tmp`;
  try {
    const handle = await open(temp, 'w', 0o600);
    try {
      await handle.writeFile(data);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temp, path);
  } catch (error) {
    await rm(temp, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** The fingerprint by which a file's content is known again. */
export function sha256(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** A system error in words a user can act upon, such as `no space left on the disk`. */
export function explainErrno(error: unknown): string {
  const { code, message, stderr } = error as NodeJS.ErrnoException & { stderr?: string };
  // a program that fails (cp) says why in its last line
  const said = stderr?.trimEnd().split('\n').at(-1);
  return (code !== undefined && ERRNO[code]) || said || message;
}

const ERRNO: Record<string, string> = {
  ENOSPC: 'no space left on the disk (ENOSPC)',
  EDQUOT: 'the disk quota is used up (EDQUOT)',
  EROFS: 'the file system is mounted read-only (EROFS)',
  EACCES: 'permission denied (EACCES)',
  EPERM: 'not permitted (EPERM); is the file immutable (lsattr), or are you not root?',
  EIO: 'the disk reports an error (EIO)',
  ENOENT: 'no such file or folder (ENOENT)',
  ELOOP: 'it is a link where a file is expected (ELOOP)',
};
