import { setTimeout as sleep } from 'node:timers/promises';
import type { Global } from '../../config/schema/schema.ts';
import { EXIT, UserError } from '../../errors.ts';
import { monotonicMs } from '../../host/monotonic.ts';
import type { FoundHolders } from '../../state/lock-holders.ts';
import {
  acquireLock,
  CONTROLS_LOCK,
  hasLockFile,
  JOURNAL_LOCK,
  readLock,
  RUN_LOCK,
  type HeldLock,
} from '../../state/lock.ts';
import { accuse, adviseOn, nameHolders } from './lock-advice.ts';

const POLL_MS = 200;

/** The holder of a lock may end before anybody looks for it, or it may only have looked at the lock. */
const MOST_TRIES = 3;

export type Places = Pick<Global, 'state_dir' | 'backup_dir'>;

/** A lock that somebody else has. */
interface Blocked {
  path: string;
}

/** Longer than most changes by hand and most runs, shorter than any check interval that makes sense. */
export const LOCK_WAIT_MS = 30_000;

/**
 * Takes the locks of a run, held until released or until this process ends. If another run holds them, it waits for that
 * run; `tell` is called once, with a sentence that says which run it is.
 *
 * @throws UserError locked (75) if a lock is still held after `limitMs`, or at once if it will never be released by itself
 */
export function holdLock(
  places: Places,
  report: (sentence: string) => void,
  limitMs = LOCK_WAIT_MS,
): Promise<HeldLock> {
  const limit = `${Math.round(limitMs / 1000)} s`;
  return insist(() => takeBoth(places), {
    limitMs,
    what: `another run still holds the lock after ${limit}, nothing was done`,
    report: (heldBy) => report(`waiting up to ${limit} for another run to end: ${heldBy}`),
  });
}

/** The lock of the pauses and pins, which is never held for long. @throws UserError locked (75) */
export function holdControls(stateDir: string): Promise<HeldLock> {
  const what = 'the pauses and pins are being changed';
  return insist(() => take(`${stateDir}/${CONTROLS_LOCK}`), { limitMs: 5000, what });
}

/**
 * The lock of the state folder, and that of the journal in the backup folder: a run with another config may share the
 * backup folder, and would take a change that is under way for one whose run has died.
 */
function takeBoth({ state_dir: stateDir, backup_dir: backupDir }: Places): HeldLock | Blocked {
  const state = take(`${stateDir}/${RUN_LOCK}`);
  if (!('release' in state)) return state;
  try {
    const journal = takeJournal(`${backupDir}/${JOURNAL_LOCK}`);
    if (!('release' in journal)) {
      state.release();
      return journal;
    }
    return {
      release: () => {
        journal.release();
        state.release();
      },
    };
  } catch (error) {
    state.release();
    throw error;
  }
}

/** A folder with no room for a lock has none for a change either: then only what is measured is recorded. */
function takeJournal(path: string): HeldLock | Blocked {
  return hasLockFile(path) ? take(path) : { release: () => undefined };
}

function take(path: string): HeldLock | Blocked {
  return acquireLock(path) ?? { path };
}

async function insist(
  tryOnce: () => HeldLock | Blocked,
  of: { limitMs: number; what: string; report?: (heldBy: string) => void },
): Promise<HeldLock> {
  const deadlineMs = monotonicMs() + of.limitMs;
  let isSaid = false;
  for (let tries = 1; ; tries++) {
    const taken = tryOnce();
    if ('release' in taken) return taken;
    const isLate = monotonicMs() >= deadlineMs;
    if (isLate || !isSaid) {
      const lock = readLock(taken.path);
      const found = lock ?? { holders: [], isWhole: true };
      const { holders } = found;
      const isHopeless = holders.some(({ isStranger }) => isStranger);
      if (isHopeless || (isLate && (holders.length > 0 || tries >= MOST_TRIES))) {
        throw lockedError(of.what, taken.path, found);
      }
      // the holder may only have looked at the lock
      if (!isSaid && lock?.isHeld !== false) {
        of.report?.(nameHolders(found));
        isSaid = true;
      }
    }
    await sleep(POLL_MS);
  }
}

function lockedError(what: string, path: string, found: FoundHolders): UserError {
  const { holders } = found;
  const message = accuse(path, holders) ?? `${what}: ${nameHolders(found)}`;
  return new UserError(EXIT.locked, message, adviseOn(path, holders));
}
