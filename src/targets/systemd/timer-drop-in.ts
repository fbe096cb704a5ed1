/** Our drop-in for the timer. Its name comes after those that people usually give, so that it counts last. */
export const TIMER_DROP_IN = '/etc/systemd/system/autoscaler.timer.d/zz-autoscaler-every.conf';

/** The drop-in that makes the timer fire at this interval, in seconds; `every`: the same for people, such as `30 s`. */
export function renderTimerDropIn(seconds: number, every: string): string {
  return `# Written by "autoscaler timer --every ${seconds}s"
[Unit]
Description=Runs autoscaler every ${every}

[Timer]
# an empty assignment takes back all moments of the timer (systemd.timer(5)), so the first one is given again
OnUnitActiveSec=
OnBootSec=10s
OnUnitActiveSec=${seconds}s
`;
}

/** Whether a drop-in is as this program has written it, whatever its interval, so that nobody's words are lost with it. */
export function isTimerDropIn(text: string, describe: (seconds: number) => string): boolean {
  const seconds = Number(/^OnUnitActiveSec=(\d+)s$/m.exec(text)?.[1] ?? NaN);
  return text === renderTimerDropIn(seconds, describe(seconds));
}
