import { closeSync, constants, openSync, opendirSync, readSync } from 'node:fs';

/** Files of /proc and /sys say nothing of their size, and what processes of others put into them has no end of its own. */
const SCRATCH = Buffer.allocUnsafe(64 * 1024 + 1);

/** Hierarchies that systemd puts its groups in: unified, legacy, hybrid. */
export const CGROUP_ROOTS = ['/sys/fs/cgroup', '/sys/fs/cgroup/systemd', '/sys/fs/cgroup/unified'];

/** The beginning of a file; `isCut`: there is more of it. */
export interface Head {
  text: string;
  isCut: boolean;
}

/** At most `maxBytes` of a file of the kernel, by one descriptor. @throws Error with a code where it cannot be read */
export function readHead(
  path: string,
  maxBytes: number,
  encoding: 'utf8' | 'latin1' = 'utf8',
): Head {
  const bytes = maxBytes < SCRATCH.length ? SCRATCH : Buffer.allocUnsafe(maxBytes + 1);
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  let size = 0;
  try {
    while (size <= maxBytes) {
      const got = readSync(fd, bytes, size, maxBytes + 1 - size, null);
      if (got === 0) break;
      size += got;
    }
  } finally {
    closeSync(fd);
  }
  return { text: bytes.toString(encoding, 0, Math.min(size, maxBytes)), isCut: size > maxBytes };
}

/** A whole file of the kernel. @throws Error with a code: EFBIG where it is larger than `maxBytes` */
export function readWhole(
  path: string,
  maxBytes: number,
  encoding: 'utf8' | 'latin1' = 'utf8',
): string {
  const { text, isCut } = readHead(path, maxBytes, encoding);
  if (isCut) throw tooMuch(path, `more than ${maxBytes} bytes`);
  return text;
}

/** As `readWhole`; null: it is gone, not ours to read, or too large. */
export function tryReadWhole(path: string, maxBytes: number): string | null {
  try {
    return readWhole(path, maxBytes);
  } catch {
    return null;
  }
}

const LINE_FEED = 0x0a;

/**
 * A table of the kernel in pieces of whole lines, so that it is never in memory as a whole. A line longer than 64 KB is
 * cut into several. Its bytes become the characters of the same numbers.
 *
 * @throws Error with a code: EFBIG where it is larger than `maxBytes`
 */
export function* readLinesOf(path: string, maxBytes: number): Generator<string> {
  // the reader of a piece may read another file
  const bytes = Buffer.allocUnsafe(SCRATCH.length);
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  let total = 0;
  let size = 0;
  try {
    for (;;) {
      const got = readSync(fd, bytes, size, bytes.length - size, null);
      if (got === 0) break;
      total += got;
      if (total > maxBytes) throw tooMuch(path, `more than ${maxBytes} bytes`);
      size += got;
      if (size < bytes.length / 2) continue;
      const last = bytes.lastIndexOf(LINE_FEED, size - 1) + 1;
      const end = last === 0 && size === bytes.length ? size : last;
      if (end > 0) yield bytes.toString('latin1', 0, end);
      bytes.copyWithin(0, end, size);
      size -= end;
    }
    if (size > 0) yield bytes.toString('latin1', 0, size);
  } finally {
    closeSync(fd);
  }
}

/** The names in a folder. @throws Error with a code: EFBIG where there are more than `most` */
export function listNames(folder: string, most: number): string[] {
  const names: string[] = [];
  const open = opendirSync(folder, { bufferSize: 128 });
  try {
    for (let entry = open.readSync(); entry !== null; entry = open.readSync()) {
      if (names.length === most) throw tooMuch(folder, `more than ${most} entries`);
      names.push(entry.name);
    }
  } finally {
    open.closeSync();
  }
  return names;
}

/** The error that says that something is not looked at because there is too much of it. */
export function tooMuch(path: string, found: string): Error {
  return Object.assign(new Error(`${path}: ${found}`), { code: 'EFBIG', syscall: 'read', path });
}
