import { duration, thresholds } from './threshold-values.ts';

/** The keys of a project about how busy its Gunicorn workers are, seen from outside. */
export const BUSY_KEYS = {
  busy_thresholds: thresholds(
    'By the share of its Gunicorn workers (sync) or their threads (gthread) that are in a request, in percent: "scale_up_N" above which to go up to N, "scale_down_N" below which to go down to N.',
    'percent, a number from 0 to 100',
    100,
  ),
  busy_duration_minutes: duration(
    'How long a threshold of busyness must hold, in minutes: one number, or one for each direction.',
  ),
  backlog_thresholds: thresholds(
    'By connections that wait for a Gunicorn worker to accept them: "scale_up_N" above which to go up to N, "scale_down_N" below which to go down to N.',
    'a number of connections, from 0',
    Number.MAX_SAFE_INTEGER,
  ),
  backlog_duration_minutes: duration(
    'How long a threshold of the backlog must hold, in minutes: one number, or one for each direction.',
  ),
};
