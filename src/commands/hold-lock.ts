import { EXIT, UserError } from '../errors.ts';
import { acquireLock } from '../state/lock.ts';

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
