import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT, UserError } from '../errors.ts';
import { monotonicMs } from '../monotonic.ts';
import { acquireLock } from '../state/lock.ts';

const POLL_MS = 200;

/** The lock of a state folder, held until released or until this process ends. @throws UserError locked (75) */
export async function holdLock(stateDir: string): Promise<{ release: () => void }> {
  const lock = await acquireLock(stateDir);
  if ('release' in lock) return lock;
  throw new UserError(
    EXIT.locked,
    `another run holds the lock: ${lock.heldBy}`,
    'Wait until it has ended; the timer will come again.',
  );
}

/**
 * The same for what people call and mean: one that holds it is waited for. `tell` is called once, with who that is.
 *
 * @throws UserError locked (75) where it is still held after `limitMs`
 */
export async function waitForLock(
  stateDir: string,
  limitMs: number,
  tell: (heldBy: string) => void,
): Promise<{ release: () => void }> {
  const deadlineMs = monotonicMs() + limitMs;
  for (let isTold = false; ; isTold = true) {
    const lock = await acquireLock(stateDir);
    if ('release' in lock) return lock;
    if (!isTold) tell(lock.heldBy);
    if (monotonicMs() >= deadlineMs) {
      throw new UserError(
        EXIT.locked,
        `another run still holds the lock after ${Math.round(limitMs / 1000)} s: ${lock.heldBy}; nothing was done`,
        'Wait until it has ended (or end it: kill PROCESS finishes or undoes what it is at), then call this again.',
      );
    }
    await sleep(POLL_MS);
  }
}
