import {
  closeSync,
  fstatSync,
  openSync,
  opendirSync,
  readFileSync,
  readSync,
  readdirSync,
  readlinkSync,
} from 'node:fs';
import { cleanText } from '../model/clean-text.ts';
import { monotonicMs } from '../monotonic.ts';

/** A process that has the locked file open. */
export interface Holder {
  pid: number;
  /** the number of the user who runs it */
  uid: number;
  /** it is of another user than the file, who could not have opened it */
  isStranger: boolean;
  /** it was stopped by a signal, or is being traced: it does nothing until somebody lets it go on */
  isStopped: boolean;
  /** when it started, milliseconds since 1970 */
  sinceMs: number;
  /** its command line, or its name where that is a stranger's; for people */
  command: string;
}

/** The kernel counts a process's start in hundredths of a second on all of its platforms that Node runs on. */
const MS_PER_TICK = 10;

/** Whoever may start thousands of processes with thousands of files each does not keep us. */
const LIMIT_MS = 2000;

/** More than anybody looks at. */
const MOST_HOLDERS = 20;

/** The pid namespace of the host itself has this number (PROC_PID_INIT_INO of the kernel). */
const FIRST_PID_NAMESPACE = 'pid:[4026531836]';

/** Whether /proc/locks shows an flock(2) of this open file. */
export function isListed(fd: number): boolean {
  const lock = ` ${readLockId(fd)} `;
  // a line with an arrow is of one who waits for it
  return readFileSync('/proc/locks', 'utf8')
    .split('\n')
    .some((line) => line.includes(': FLOCK ') && line.includes(lock));
}

/**
 * Whether /proc/locks has all locks. In a container (a pid namespace of its own) it has only those that were taken by
 * a process that still runs there: not ours, as `flock` has ended.
 */
export function seesAllLocks(): boolean {
  try {
    return readlinkSync('/proc/self/ns/pid') === FIRST_PID_NAMESPACE;
  } catch {
    return false;
  }
}

/**
 * The processes through which this open file is locked: those of its owner, or else all others. `isWhole`: all that are
 * to be seen were looked at in time. Only what the kernel itself knows is read, never a file of theirs, which could be
 * one that never answers.
 */
export function findHolders(fd: number): { holders: Holder[]; isWhole: boolean } {
  const owner = fstatSync(fd).uid;
  const lock = readLockId(fd);
  const deadlineMs = monotonicMs() + LIMIT_MS;
  const others: number[] = [];
  const holders: Holder[] = [];
  const look = (pid: number): void => {
    if (!holdsLock(pid, lock, deadlineMs)) return;
    const holder = describeProcess(pid, owner);
    if (holder !== null) holders.push(holder);
  };
  for (const pid of listPids()) {
    if (readUid(pid) === owner) look(pid);
    else others.push(pid);
  }
  for (const pid of others) {
    if (holders.some(({ isStranger }) => !isStranger) || holders.length >= MOST_HOLDERS) break;
    if (monotonicMs() > deadlineMs) return { holders, isWhole: false };
    look(pid);
  }
  return { holders, isWhole: monotonicMs() <= deadlineMs };
}

/**
 * How the kernel names the file in its lists of locks: the device of its file system, which stat(2) tells otherwise for
 * btrfs and overlays, and its inode.
 */
function readLockId(fd: number): string {
  const info = readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8');
  const mount = /^mnt_id:\s*(\d+)$/m.exec(info)?.[1];
  // older than Linux 5.14 does not say it
  const inode = /^ino:\s*(\d+)$/m.exec(info)?.[1] ?? String(fstatSync(fd, { bigint: true }).ino);
  const line = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${mount} `));
  const [major, minor] = (line?.split(' ', 3)[2] ?? '').split(':');
  return `${toHex(major)}:${toHex(minor)}:${inode}`;
}

function toHex(decimal: string | undefined): string {
  return Number(decimal).toString(16).padStart(2, '0');
}

function listPids(): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number);
}

/** false also where that takes too long, or is not ours to see */
function holdsLock(pid: number, lock: string, deadlineMs: number): boolean {
  try {
    const folder = opendirSync(`/proc/${pid}/fd`);
    try {
      for (let entry = folder.readSync(); entry !== null; entry = folder.readSync()) {
        if (monotonicMs() > deadlineMs) return false;
        if (isLocked(pid, entry.name, lock)) return true;
      }
    } finally {
      folder.closeSync();
    }
  } catch {
    // it has ended
  }
  return false;
}

function isLocked(pid: number, fd: string, lock: string): boolean {
  try {
    if (!/lock(?: \(deleted\))?$/.test(readlinkSync(`/proc/${pid}/fd/${fd}`))) return false;
    return readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8')
      .split('\n')
      .some((line) => line.startsWith('lock:') && line.includes(` ${lock} `));
  } catch {
    // it was closed in this moment
    return false;
  }
}

/** null: it has ended */
function describeProcess(pid: number, owner: number): Holder | null {
  const status = readStart(`/proc/${pid}/status`);
  const stat = readStart(`/proc/${pid}/stat`);
  const uid = toUid(status);
  if (status === null || stat === null || uid === null) return null;
  const isStranger = uid !== owner;
  // field 22; the name in field 2 may hold anything, so they are counted from its closing bracket
  const startTicks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ', 20)[19]);
  const uptimeMs = Number(readFileSync('/proc/uptime', 'utf8').split(' ', 1)[0]) * 1000;
  // a stranger's command line lies in memory that need not answer
  const command = isStranger
    ? readStart(`/proc/${pid}/comm`)
    : readStart(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ');
  return {
    pid,
    uid,
    isStranger,
    isStopped: /^State:\s*[Tt]/m.test(status),
    sinceMs: Date.now() - uptimeMs + startTicks * MS_PER_TICK,
    command: cleanText(command ?? '', 100).trim(),
  };
}

function readUid(pid: number): number | null {
  return toUid(readStart(`/proc/${pid}/status`));
}

/**
 * Who started it, not whose rights it has: a setuid program keeps what it was given. Not the owner of /proc/PID, which is
 * root where a process does not let itself be looked at.
 */
function toUid(status: string | null): number | null {
  const uid = /^Uid:\s*(\d+)/m.exec(status ?? '')?.[1];
  return uid === undefined ? null : Number(uid);
}

/** null: it has ended, or it is not ours to see */
function readStart(path: string): string | null {
  try {
    const fd = openSync(path, 'r');
    try {
      const bytes = Buffer.alloc(4096);
      return bytes.toString('utf8', 0, readSync(fd, bytes));
    } finally {
      closeSync(fd);
    }
  } catch {
    return null;
  }
}
