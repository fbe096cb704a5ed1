import { fstatSync, opendirSync, readFileSync, readlinkSync, statSync, type Dir } from 'node:fs';
import { basename } from 'node:path';
import { readHead, tryReadWhole } from '../host/kernel-files.ts';
import { cleanText } from '../model/clean-text.ts';
import { monotonicMs } from '../host/monotonic.ts';

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

/** The owner's processes are not there to keep us, and on a busy host each look takes its time. */
const OWN_LIMIT_MS = 8000;

/** Whoever may mount (FUSE) may do so a thousand times, with paths of 4 KB each. */
const MOUNTS_BYTES = 8 * 2 ** 20;

/** What is looked for in a file of the kernel's stands at its beginning. */
const START_BYTES = 4096;

/** More than anybody looks at. */
const MOST_HOLDERS = 20;

/** Those through whom a file is locked. `isWhole`: all processes that can be seen here were looked at in time. */
export interface FoundHolders {
  holders: Holder[];
  isWhole: boolean;
}

/**
 * The processes through which this open file is locked: those of its owner, or else all others. Only what the kernel
 * itself knows is read, never a file of theirs, which could be one that never answers; and of what a user can make long
 * only as much as there is time for.
 */
export function findHolders(fd: number): FoundHolders {
  const { uid: owner } = fstatSync(fd);
  const deadlineMs = monotonicMs() + LIMIT_MS;
  const sought = { lock: readLockId(fd), name: nameOf(readlinkSync(`/proc/self/fd/${fd}`)) };
  const holders: Holder[] = [];
  if (sought.lock === null) return { holders, isWhole: false };
  let isWhole = true;
  const look = (pids: readonly number[], kind: string, untilMs: number): void => {
    for (const pid of pids) {
      if (holders.length === MOST_HOLDERS) return;
      if (monotonicMs() > untilMs) {
        isWhole = false;
        return;
      }
      if (!holdsLock(pid, { ...sought, kind, deadlineMs: untilMs })) continue;
      const holder = describeProcess(pid, owner);
      if (holder !== null) holders.push(holder);
    }
  };
  const { own, others } = listPids(owner, deadlineMs);
  if (monotonicMs() > deadlineMs) isWhole = false;
  // a shared one of the owner's is that of somebody who looks, as we do
  look(own, ' WRITE ', deadlineMs + OWN_LIMIT_MS);
  if (holders.length === 0) look(others, '', deadlineMs);
  return { holders, isWhole };
}

/** What is looked for among the open files of a process: by the kernel's name of the file, and its own. */
interface Sought {
  lock: string | null;
  name: string;
  /** how a lock is described that counts */
  kind: string;
  deadlineMs: number;
}

/**
 * How the kernel names the file in what it says of locks: the device of its file system, which stat(2) tells otherwise for
 * btrfs and overlays, and its inode; null: there are too many mounts to tell.
 */
function readLockId(fd: number): string | null {
  const info = readStart(`/proc/self/fdinfo/${fd}`) ?? '';
  const mount = /^mnt_id:\s*(\d+)$/m.exec(info)?.[1];
  // older than Linux 5.14 does not say it
  const inode = /^ino:\s*(\d+)$/m.exec(info)?.[1] ?? String(fstatSync(fd, { bigint: true }).ino);
  const line = tryReadWhole('/proc/self/mountinfo', MOUNTS_BYTES)
    ?.split('\n')
    .find((each) => each.startsWith(`${mount} `));
  const [major, minor] = (line?.split(' ', 3)[2] ?? '').split(':');
  return minor === undefined ? null : `${toHex(major)}:${toHex(minor)}:${inode}`;
}

function toHex(decimal: string | undefined): string {
  return Number(decimal).toString(16).padStart(2, '0');
}

/** The processes of a user, and all others. */
function listPids(owner: number, deadlineMs: number): { own: number[]; others: number[] } {
  const own: number[] = [];
  const others: number[] = [];
  for (const name of namesIn('/proc', deadlineMs)) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    (isOf(owner, pid) ? own : others).push(pid);
  }
  return { own, others };
}

/** By the owner of its folder first, which costs little; that may be root for one that does not let itself be looked at. */
function isOf(owner: number, pid: number): boolean {
  try {
    return statSync(`/proc/${pid}`).uid === owner && readUid(pid) === owner;
  } catch {
    return false;
  }
}

/** false also where that takes too long, or is not ours to see */
function holdsLock(pid: number, sought: Sought): boolean {
  for (const fd of namesIn(`/proc/${pid}/fd`, sought.deadlineMs)) {
    if (isLocked(pid, fd, sought)) return true;
  }
  return false;
}

/** The names in a folder of the kernel's, as far as there is time; none where it is gone or not ours to see. */
function* namesIn(folder: string, deadlineMs: number): Generator<string> {
  let open: Dir | null = null;
  try {
    open = opendirSync(folder, { bufferSize: 128 });
    for (let entry = open.readSync(); entry !== null; entry = open.readSync()) {
      if (monotonicMs() > deadlineMs) return;
      yield entry.name;
    }
  } catch {
    // it has ended
  } finally {
    open?.closeSync();
  }
}

/**
 * By what the kernel says of the descriptor, but only of one of a file of this name, wherever its folder is to be found in
 * another container: for a file with many locks the kernel puts all of them together, however little is read.
 */
function isLocked(pid: number, fd: string, { lock, name, kind }: Sought): boolean {
  try {
    if (nameOf(readlinkSync(`/proc/${pid}/fd/${fd}`)) !== name) return false;
  } catch {
    // it was closed in this moment
    return false;
  }
  const info = readStart(`/proc/${pid}/fdinfo/${fd}`) ?? '';
  return info
    .split('\n')
    .some((line) => line.startsWith('lock:') && line.includes(kind) && line.includes(` ${lock} `));
}

function nameOf(link: string): string {
  return basename(link.replace(/ \(deleted\)$/, ''));
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
    return readHead(path, START_BYTES).text;
  } catch {
    return null;
  }
}
