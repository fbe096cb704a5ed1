import type { Finding } from './types.ts';

/** Whether evidence can be gathered at all: samples further apart than 2.5 intervals make it start over. */
export function checkInterval(timerS: number, configS: number): Finding[] {
  if (timerS === configS) return [];
  const isGap = timerS > 2.5 * configS;
  return [
    {
      code: isGap ? 'interval_too_long' : 'interval_differs',
      severity: isGap ? 'error' : 'warning',
      project: null,
      evidence: `the timer fires every ${timerS} s, but check_interval_seconds is ${configS}${isGap ? ': every sample then comes after a gap, and no duration is ever reached' : ''}`,
      remedy: `autoscaler timer --every ${configS}s (or ${timerS}s) makes them agree; without check_interval_seconds in the config, the interval of the timer counts`,
    },
  ];
}

/** A timer that fires no more often than this answers as soon as thresholds can. */
const SHORT_S = 30;

/**
 * What a shorter interval gives: a change never comes sooner than the next run. The numbers are our own measurement on 13
 * recorded series of arrivals (docs/metrics.md): thresholds and pool were the same, the interval and durations were not.
 */
export function checkPace(intervalS: number, hasQueues: boolean): Finding[] {
  if (intervalS <= SHORT_S) return [];
  const late = hasQueues ? `; ${SHORTER_PAYS}` : '';
  return [
    {
      code: 'interval_long',
      severity: 'info',
      project: null,
      evidence: `a run comes every ${intervalS} s, so the reaction to load may come up to ${intervalS} s after its duration${late}`,
      remedy: `sooner: sudo autoscaler timer --every ${SHORT_S}s${hasQueues ? ', with "queue_duration_minutes": { "scale_up": 0, "scale_down": 5 }' : ''}`,
    },
  ];
}

/** The measurement in a sentence, for `check` and `init`. */
export const SHORTER_PAYS =
  'on 13 recorded loads of Celery, with the same thresholds, 12.5 % of the tasks waited longer than 30 s with a run every 2 minutes and durations of 2 and 10 minutes, and 0.26 % with one every 30 s and durations of 0 and 5';
