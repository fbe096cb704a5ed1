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

/**
 * Replaces a file of our own (not a user's), in a folder that is root's alone, as a whole: never half-written, on disk
 * when it returns.
 */
export async function writeOwnFile(path: string, data: string | Buffer): Promise<void> {
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
