import type { Logger } from 'pino';
import { startWatchdog, type Watchdog } from '../../host/watchdog.ts';

/** The watchdog of a run, from the lock on; where it cannot be had that is said to who wants to know. */
export function watchRun(log: Logger): Watchdog {
  return startWatchdog((why) => log.debug({ event: 'watchdog' }, why));
}
