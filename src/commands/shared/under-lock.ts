import type { Logger } from 'pino';
import type { Global } from '../../config/schema/schema.ts';
import { startWatchdog } from '../../host/watchdog.ts';
import { reportEvents } from './events.ts';
import { holdLock, type Places } from './hold-lock.ts';
import { watchSignals, type SignalWatch } from './signals.ts';
import { reportLock } from './report-waits.ts';

/** What work that may change services needs besides the lock. */
interface Guard {
  places: Places;
  log: Logger;
  /** whose hook is run for what was logged, when the lock is free again */
  global: Global | undefined;
  /** how long another run is waited for, in milliseconds */
  waitMs?: number;
}

/**
 * Does what may change services: with the locks held, a watchdog at work and signals held back from the first change on.
 *
 * @throws UserError as `holdLock`, and whatever `work` throws
 */
export async function underLock<T>(
  { places, log, global, waitMs }: Guard,
  work: (signals: SignalWatch) => Promise<T>,
): Promise<T> {
  const lock = await holdLock(places, reportLock(log), waitMs);
  const signals = watchSignals();
  // if it cannot be started, that is logged with -v
  const watchdog = startWatchdog((why) => log.debug({ event: 'watchdog' }, why));
  try {
    return await watchdog.unlessStuck(() => work(signals));
  } finally {
    watchdog.stop();
    signals.release();
    lock.release();
    await reportEvents(log, global);
  }
}
