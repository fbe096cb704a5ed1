import type { Finding } from './types.ts';

/** Whether evidence can be gathered at all: samples further apart than 2.5 intervals start it anew. */
export function checkInterval(timerS: number, configS: number): Finding[] {
  if (timerS === configS) return [];
  const isGap = timerS > 2.5 * configS;
  return [
    {
      code: isGap ? 'interval_too_long' : 'interval_differs',
      severity: isGap ? 'error' : 'warning',
      project: null,
      evidence: `the timer fires every ${timerS} s, and check_interval_seconds is ${configS}${isGap ? ': every sample is then a gap, and no duration is ever reached' : ''}`,
      remedy: `set check_interval_seconds to ${timerS}, or OnUnitActiveSec of the timer (systemctl edit autoscaler.timer) to ${configS}s`,
    },
  ];
}
