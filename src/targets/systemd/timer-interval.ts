import { existsSync } from 'node:fs';
import { UserError } from '../../errors.ts';
import { askSystemctl } from './systemctl.ts';
import { readTimerInterval } from './timespan.ts';

/** How often the timer fires as it is shipped, in seconds. */
export const SHIPPED_INTERVAL_S = 120;

const TIMER = 'autoscaler.timer';

/** Where units and their drop-ins are (systemd.unit(5)); the last one is where the package puts the timer. */
const FOLDERS = [
  '/etc/systemd/system',
  '/run/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
];

/** What can make it fire otherwise than as shipped: a timer that hides ours, drop-ins for it, drop-ins for all timers. */
const CHANGERS = FOLDERS.flatMap((folder, index) => [
  ...(index < FOLDERS.length - 1 ? [`${folder}/${TIMER}`] : []),
  `${folder}/${TIMER}.d`,
  `${folder}/timer.d`,
]);

/**
 * How often the timer fires, in seconds. systemd is asked only where somebody has changed the timer; where it does not
 * answer, or the timer has no interval (`OnCalendar=`), it is what is shipped.
 */
export async function readIntervalS(): Promise<number> {
  if (!CHANGERS.some((path) => existsSync(path))) return SHIPPED_INTERVAL_S;
  try {
    const { stdout } = await askSystemctl(['show', '-P', 'TimersMonotonic', '--', TIMER], 10_000);
    return readTimerInterval(stdout) ?? SHIPPED_INTERVAL_S;
  } catch (error) {
    if (error instanceof UserError) return SHIPPED_INTERVAL_S;
    throw error;
  }
}
