import { AMOUNT } from '../model/checks.ts';
import { ofService, type Metric } from './metric.ts';

export const DRAIN_TIME = {
  name: 'drain_time',
  label: 'drain time',
  unit: ' s',
  about: 'seconds that the waiting tasks need at the rate of the last minutes',
  of: 'service',
  isAverage: false,
  isShared: true,
  read: ofService((found) => found.drain_time_s),
  fields: { drain_time_s: AMOUNT },
  thresholds: {
    key: 'drain_time_thresholds',
    description:
      'Thresholds for the time that the waiting tasks need at the rate of the last minutes, in seconds: above scale_up_N go up to N workers, below scale_down_N go down to N. Needs broker_url, and asks the worker through Celery remote control.',
    expected: 'seconds, a number from 0',
    most: Number.MAX_SAFE_INTEGER,
    durationKey: 'drain_time_duration_minutes',
    durationDescription:
      'How long a drain time threshold must hold, in minutes: one number, or one for each direction.',
    never: { below: 'no time is below 0' },
    needsBroker: true,
  },
  exported: {
    column: 'drain_time_s',
    family: 'queue_drain_seconds',
    help: 'Time that the waiting tasks need at the rate of the last minutes.',
  },
} as const satisfies Metric;
