import { duration, thresholds } from './threshold-values.ts';

/** The keys of a project about how busy its Gunicorn workers are, seen from outside. */
export const BUSY_KEYS = {
  busy_thresholds: thresholds(
    'By the share of the Gunicorn workers (sync) or threads (gthread) that are in a request, in percent: above scale_up_N go up to N workers, below scale_down_N go down to N. It finds workers that wait for a slow database, which no CPU shows.',
    'percent, a number from 0 to 100',
    100,
  ),
  busy_duration_minutes: duration(
    'How long a threshold of busyness must hold, in minutes: one number, or one for each direction.',
  ),
  backlog_thresholds: thresholds(
    'By the connections that wait for a Gunicorn worker to accept them, on TCP and Unix sockets, any worker class: above scale_up_N go up to N workers, below scale_down_N go down to N.',
    'a number of connections, from 0',
    Number.MAX_SAFE_INTEGER,
  ),
  backlog_duration_minutes: duration(
    'How long a threshold of the backlog must hold, in minutes: one number, or one for each direction.',
  ),
};
