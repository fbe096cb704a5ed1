import { PERCENT } from '../model/checks.ts';
import { ofService, type Metric } from './metric.ts';

export const BUSY = {
  name: 'busy',
  label: 'busy',
  unit: ' %',
  about: "percent of a Gunicorn service's workers, or their threads, that are in a request",
  of: 'service',
  isAverage: false,
  isShared: true,
  read: ofService((found) => found.busy_percent),
  fields: { busy_percent: PERCENT },
  thresholds: {
    key: 'busy_thresholds',
    description:
      'Thresholds for the share of Gunicorn workers (sync) or threads (gthread) that are in a request, in percent: above scale_up_N go up to N workers, below scale_down_N go down to N. It detects workers that wait for a slow database, which CPU usage does not show.',
    expected: 'percent, a number from 0 to 100',
    most: 100,
    durationKey: 'busy_duration_minutes',
    durationDescription:
      'How long a busyness threshold must hold, in minutes: one number, or one for each direction.',
    never: {
      above: 'busyness is never above 100 percent',
      below: 'busyness is never below 0 percent',
    },
    serves: 'requests',
  },
  exported: {
    column: 'busy_percent',
    family: 'workers_busy_ratio',
    help: 'Share of what the Gunicorn workers can serve at once that is in a request.',
  },
  ownLoad: {
    // for workers that serve any number of requests at once there is no such share: it is never known
    most: (_, { isAsync }) => (isAsync ? 0 : 100),
    describe: ({ shown, most }) =>
      most === 0
        ? 'which is never known of workers that serve many requests at once'
        : `and it is never more than ${shown}`,
  },
} as const satisfies Metric;
