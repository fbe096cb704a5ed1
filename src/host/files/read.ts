import { closeSync, constants, fstatSync, openSync, readSync, statfsSync } from 'node:fs';
import type { BigIntStats, Stats } from 'node:fs';
import { explainErrno } from '../fault.ts';
import { NOT_ENTERED } from './mount-guard.ts';
import { judgeWay, type Verdict } from './judge.ts';
import { walkPath, type Way } from './walk.ts';

/** No file of a unit is anywhere near it; a larger one is something else. */
export const MOST_BYTES = 256 * 1024;

/** A file as it was read, once, through one descriptor: what is judged, backed up and edited is this. */
export interface FoundFile {
  /** the real path */
  path: string;
  bytes: Buffer;
  stat: BigIntStats;
  verdict: Verdict;
}

/** Why there is nothing to read. */
export interface Unreadable {
  /** `missing`: nothing is there. Others: the code of the system's error, or what is there instead of a plain file */
  fault: string;
  /** for people */
  reason: string;
  /** null: it could not even be followed */
  verdict: Verdict | null;
}

export type FileRead = FoundFile | Unreadable;

/**
 * Reads a file that may be anybody's: a plain one of at most `mostBytes`, by a descriptor for each component of its
 * path. A pipe, a device or a socket is never opened. /dev/null is empty: a link to it masks a unit. Never throws, never
 * waits, and holds no more than the limit in memory.
 */
export function readFile(path: string, mostBytes = MOST_BYTES): FileRead {
  try {
    return walkPath(path, (way) => readWay(way, mostBytes));
  } catch (error) {
    return unreadable(error, null);
  }
}

/** Reads what a way that is being walked leads to. Never throws. */
export function readWay(way: Way, mostBytes = MOST_BYTES): FileRead {
  const verdict = judgeWay(way);
  const { file, below } = way;
  try {
    if (file === null) {
      return below.length === 0
        ? { fault: 'folder', reason: 'a folder, no file', verdict }
        : { fault: 'missing', reason: 'no such file or folder (ENOENT)', verdict };
    }
    const fault = faultOf(file, mostBytes);
    if (fault !== null) return { ...fault, verdict };
    const opened = file.stat.isFile() ? readOpened(file.fd, mostBytes) : empty(file.fd);
    return 'fault' in opened ? { ...opened, verdict } : { path: way.path, ...opened, verdict };
  } catch (error) {
    return unreadable(error, verdict);
  }
}

/** Why a file cannot be read, to stand in brackets: a code of the system, or what is there instead. */
export function shortReason({ fault, reason }: Unreadable): string {
  if (fault === 'missing') return 'ENOENT';
  return fault !== NOT_ENTERED && /^E[A-Z0-9]+$/.test(fault) ? fault : reason;
}

/** Opens the very file that was looked at (O_PATH) for reading, whatever has its name by now. Somebody may hold a lease of it: EAGAIN. */
export function reopen(name: number): number {
  return openSync(`/proc/self/fd/${name}`, constants.O_RDONLY | constants.O_NONBLOCK);
}

function unreadable(error: unknown, verdict: Verdict | null): Unreadable {
  const { code = 'EIO' } = error as NodeJS.ErrnoException;
  return { fault: code, reason: explainErrno(error), verdict };
}

type Fault = Pick<Unreadable, 'fault' | 'reason'>;

/** Major 1, minor 3, as in the kernel's devices.txt. */
const DEV_NULL = 0x103;
const PROC_MAGIC = 0x9fa0;

function faultOf({ fd, stat }: { fd: number; stat: Stats }, mostBytes: number): Fault | null {
  if (stat.isCharacterDevice() && stat.rdev === DEV_NULL) return null;
  if (!stat.isFile()) {
    const kind = stat.isFIFO() ? 'a pipe' : stat.isSocket() ? 'a socket' : 'a device';
    return { fault: 'not a file', reason: `${kind}, no plain file` };
  }
  if (stat.size > mostBytes) return tooLarge(mostBytes);
  // what the kernel makes up as it is read has no size, and may wait for whatever it tells of
  if (stat.size === 0 && statfsSync(`/proc/self/fd/${fd}`).type === PROC_MAGIC) {
    return { fault: 'not a file', reason: 'made up by the kernel, no plain file' };
  }
  return null;
}

function tooLarge(mostBytes: number): Fault {
  return { fault: 'too large', reason: `larger than ${mostBytes / 1024} KB` };
}

function empty(fd: number): Pick<FoundFile, 'bytes' | 'stat'> {
  return { bytes: Buffer.alloc(0), stat: fstatSync(fd, { bigint: true }) };
}

function readOpened(name: number, mostBytes: number): Pick<FoundFile, 'bytes' | 'stat'> | Fault {
  const fd = reopen(name);
  try {
    const stat = fstatSync(fd, { bigint: true });
    if (stat.size > mostBytes) return tooLarge(mostBytes);
    const size = Number(stat.size);
    // a byte more shows whether it grows meanwhile
    const bytes = Buffer.alloc(size + 1);
    let length = 0;
    while (size > 0 && length < bytes.length) {
      const count = readSync(fd, bytes, length, bytes.length - length, null);
      if (count === 0) break;
      length += count;
    }
    const after = fstatSync(fd, { bigint: true });
    if (length !== size || after.mtimeNs !== stat.mtimeNs || after.size !== stat.size) {
      return { fault: 'changing', reason: 'changed while it was read' };
    }
    return { bytes: bytes.subarray(0, size), stat };
  } finally {
    closeSync(fd);
  }
}
