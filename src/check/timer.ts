import type { Finding } from './types.ts';

const SECONDS: Record<string, number> = {
  ...{ us: 1e-6, ms: 1e-3, s: 1, min: 60, h: 3600, d: 86_400, w: 604_800 },
  ...{ month: 2_629_800, y: 31_557_600 },
};

/** A time span as systemd prints it, such as `1h 30min`, in seconds; null: it is none. */
export function parseSpan(text: string): number | null {
  const words = text.trim().split(/\s+/);
  let total = 0;
  for (const word of words) {
    const [, count, unit = ''] = /^([\d.]+)([a-z]+)$/.exec(word) ?? [];
    const factor = SECONDS[unit];
    if (count === undefined || factor === undefined) return null;
    total += Number(count) * factor;
  }
  return total;
}

/** The interval of a timer from its property `TimersMonotonic`; null: it has none of this kind. */
export function readTimerInterval(property: string): number | null {
  const span = /OnUnitActiveUSec=([^;]+);/.exec(property)?.[1];
  return span === undefined ? null : parseSpan(span);
}

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
