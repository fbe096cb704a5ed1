import { closeSync, constants, fchmodSync, fstatSync, lstatSync } from 'node:fs';
import { dirname } from 'node:path';
import { EXIT, UserError } from '../errors.ts';
import { isFlocked, tryFlock } from './flock.ts';
import { findHolders, type FoundHolders } from './lock-holders.ts';
import { checkStateDir, ensureStateDir, explainFault, openTrusted } from '../host/files/trusted.ts';

const { O_CREAT, O_NONBLOCK, O_RDONLY, O_RDWR } = constants;

const OPEN_TO_OTHERS = 0o077;

/** Whoever removes the file so often does it on purpose. */
const MOST_TRIES = 20;

/** The lock of all that changes services, in a state folder; and of what is written of changes, in a folder of backups. */
export const RUN_LOCK = 'lock';
export const JOURNAL_LOCK = 'journal.lock';
/** The lock of the pauses and pins in a state folder, which a run that goes on does not keep from being changed. */
export const CONTROLS_LOCK = 'controls.lock';

export interface HeldLock {
  /** may be called twice */
  release: () => void;
}

/**
 * Takes a lock, at once or not at all; null: somebody else has it.
 *
 * It is a file that only root can open (0600, in a folder that only root can write to), locked by the kernel
 * (`tryFlock`), so that nobody else can take it, and it is free as soon as its holder has ended, in whatever way. It
 * holds between containers too, where they share the folder. The file stays, empty: one that was removed would be a
 * lock that nobody else sees. So after locking it must still be the one of this name. Only root can remove it, or its
 * folder, while it is held; then a second run may start beside the first.
 *
 * @throws UserError permission or failed where the folder or the file cannot be used, failed where it cannot be locked
 */
export function acquireLock(path: string): HeldLock | null {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const fd = openLock(path);
    let isOurs = false;
    try {
      if (!tryFlock(fd, path)) return null;
      isOurs = isSameFile(fd, path);
    } finally {
      if (!isOurs) closeSync(fd);
    }
    if (isOurs) return { release: closeOnce(fd) };
  }
  throw new UserError(
    EXIT.failed,
    `${path}: cannot be locked: it is removed again and again`,
    'Find out what removes it, and stop that.',
  );
}

/** Whether the file of a lock can be used; where it cannot, whoever needs its folder says why. */
export function hasLockFile(path: string): boolean {
  try {
    closeSync(openLock(path));
    return true;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

/** How a lock stands. */
export interface LockState extends FoundHolders {
  /** null: that cannot be determined */
  isHeld: boolean | null;
  /** why it cannot be determined */
  fault: UserError | null;
  /** the permission bits of its file */
  mode: number;
}

/**
 * Looks at a lock: whether it is held, and then by whom. Makes nothing. For the
 * moment of the look nobody can take a free one: whoever could not tries again where nobody is found to hold it.
 *
 * @returns null where it was never taken
 * @throws UserError permission or failed where the folder or the file cannot be used
 */
export function readLock(path: string): LockState | null {
  if (!checkStateDir(dirname(path))) return null;
  const fd = openTrusted(path, O_RDONLY | O_NONBLOCK);
  if (fd === null) return null;
  const mode = fstatSync(fd).mode & 0o7777;
  const free: LockState = { isHeld: false, fault: null, holders: [], isWhole: true, mode };
  try {
    if (!isFlocked(fd, path)) return free;
    const found = findHolders(fd);
    // whoever is not found may have ended
    if (found.holders.length === 0 && !isFlocked(fd, path)) return free;
    return { ...free, isHeld: true, ...found };
  } catch (error) {
    if (error instanceof UserError) return { ...free, isHeld: null, fault: error };
    throw error;
  } finally {
    closeSync(fd);
  }
}

/** For writing too: over NFS an exclusive lock needs that. */
function openLock(path: string): number {
  ensureStateDir(dirname(path));
  const fd = openTrusted(path, O_RDWR | O_CREAT | O_NONBLOCK, 0o600)!;
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) {
      throw new UserError(
        EXIT.permission,
        `${path}: expected a plain file, found something else`,
        `Look at it: ls -l ${path}`,
      );
    }
    // whoever can open it can lock it
    if ((stats.mode & OPEN_TO_OTHERS) !== 0) fchmodSync(fd, 0o600);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error instanceof UserError ? error : explainFault(path, error as NodeJS.ErrnoException);
  }
}

function isSameFile(fd: number, path: string): boolean {
  const named = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  const { dev, ino } = fstatSync(fd, { bigint: true });
  return named?.dev === dev && named.ino === ino;
}

/** By the second call the number may be that of another file. */
function closeOnce(fd: number): () => void {
  let isOpen = true;
  return () => {
    if (isOpen) closeSync(fd);
    isOpen = false;
  };
}
