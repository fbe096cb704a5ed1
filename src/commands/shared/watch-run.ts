import type { Logger } from 'pino';
import { startWatchdog, type Watchdog } from '../../host/watchdog.ts';

/** The watchdog of a run, which starts once the lock is held; if it cannot be started, that is said with `-v`. */
export function watchRun(log: Logger): Watchdog {
  return startWatchdog((why) => log.debug({ event: 'watchdog' }, why));
}
