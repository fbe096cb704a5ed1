import { COUNT } from '../model/checks.ts';
import { ofService, type Metric } from './metric.ts';

export const BACKLOG = {
  name: 'backlog',
  label: 'backlog',
  unit: '',
  about: 'connections that wait for a Gunicorn service to accept them',
  of: 'service',
  isAverage: false,
  isShared: false,
  read: ofService((found) => found.backlog),
  fields: { backlog: COUNT },
  thresholds: {
    key: 'backlog_thresholds',
    description:
      'Thresholds for the connections that wait for a Gunicorn worker to accept them, on TCP and Unix sockets, with any worker class: above scale_up_N go up to N workers, below scale_down_N go down to N.',
    expected: 'a number of connections, from 0',
    most: Number.MAX_SAFE_INTEGER,
    durationKey: 'backlog_duration_minutes',
    durationDescription:
      'How long a backlog threshold must hold, in minutes: one number, or one for each direction.',
    never: { below: 'no queue is below 0: an empty one is below 1' },
    serves: 'requests',
  },
  exported: {
    column: 'backlog',
    family: 'backlog_connections',
    help: 'Connections that wait for the service to accept them.',
  },
} as const satisfies Metric;
