import {
  closeSync,
  constants,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';

const { O_CREAT, O_DIRECTORY, O_NOFOLLOW, O_RDONLY, O_TRUNC, O_WRONLY } = constants;

interface Writing {
  /** it is on the disk when the call returns */
  durable: boolean;
  /** opens the file that takes the place of the old one */
  open?: (path: string, flags: number) => number;
}

/**
 * Replaces a file of our own (not a user's), in a folder that is root's alone, as a whole: by a rename, so that nobody
 * reads half of it, and a process that dies in the middle leaves the old one.
 *
 * @throws the error of the system, or of `open`; the old file is there then
 */
export function replaceOwn(
  path: string,
  data: string | Uint8Array,
  { durable, open = openPrivate }: Writing,
): void {
  const temp = `${path}.new`;
  const fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC);
  try {
    try {
      writeFileSync(fd, data);
      if (durable) fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temp, path);
  } catch (error) {
    rmSync(temp, { force: true });
    throw error;
  }
  if (durable) syncFolder(dirname(path));
}

function openPrivate(path: string, flags: number): number {
  return openSync(path, flags | O_NOFOLLOW, 0o600);
}

/** Makes the entries of a folder (names created, renamed, removed) survive a power loss. */
export function syncFolder(path: string): void {
  const fd = openSync(path, O_RDONLY | O_DIRECTORY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
