import { COUNT } from '../model/checks.ts';
import type { ServiceSample } from '../model/types.ts';
import { ofService, type Metric } from './metric.ts';

const THRESHOLDS = {
  key: 'queue_thresholds',
  description:
    'Thresholds for the number of waiting Celery tasks (or what queue_metric says): above scale_up_N go up to N workers, below scale_down_N go down to N. Needs broker_url.',
  expected: 'a number of tasks, from 0',
  most: Number.MAX_SAFE_INTEGER,
  durationKey: 'queue_duration_minutes',
  durationDescription:
    'How long a queue threshold must hold, in minutes: one number, or one for each direction.',
  never: { below: 'no queue is below 0: an empty one is below 1' },
  needsBroker: true,
} as const;

const OF_TASKS = {
  unit: '',
  of: 'service',
  isAverage: false,
  isShared: false,
  thresholds: THRESHOLDS,
} as const;

export const QUEUE = {
  ...OF_TASKS,
  name: 'queue',
  label: 'queue',
  about: 'tasks that wait in the queues of a project',
  read: ofService((found) => found.queue_length),
  fields: { queue_length: COUNT },
  when: { key: 'queue_metric', is: 'ready' },
  exported: {
    column: 'queue_length',
    family: 'queue_tasks',
    help: 'Tasks that wait in the queues of the project.',
  },
} as const satisfies Metric;

export const QUEUE_AND_UNACKED = {
  ...OF_TASKS,
  name: 'queue+unacked',
  label: 'queue with unacknowledged tasks',
  about: 'waiting tasks, and those that are handed out and not acknowledged (Redis)',
  read: ofService((found) => add(found.queue_length, found.unacked)),
  fields: { queue_length: COUNT, unacked: COUNT },
  when: { key: 'queue_metric', is: 'ready+unacked' },
  exported: {
    column: 'unacked',
    family: 'queue_unacked_tasks',
    help: 'Tasks of the queues that are handed out to workers and not acknowledged.',
    read: ofService((found) => found.unacked),
  },
} as const satisfies Metric;

export const QUEUE_AND_RUNNING = {
  ...OF_TASKS,
  name: 'queue+running',
  label: 'queue with running tasks',
  about: 'waiting tasks, and those that the service is running',
  read: ofService((found) => add(found.queue_length, found.running_tasks)),
  fields: { queue_length: COUNT, running_tasks: COUNT },
  when: { key: 'queue_metric', is: 'ready+running' },
  exported: {
    column: 'running_tasks',
    family: 'workers_running_tasks',
    help: 'Tasks that the workers of the service are running.',
    read: ofService((found) => found.running_tasks),
  },
} as const satisfies Metric;

export const LOAD = {
  ...OF_TASKS,
  name: 'load',
  label: 'load',
  unit: ' %',
  about: 'waiting and running tasks per worker, in percent',
  isShared: true,
  read: ofService(loadOf),
  fields: { queue_length: COUNT, running_tasks: COUNT, workers: COUNT },
  when: { key: 'queue_metric', is: 'load' },
  exported: {
    column: 'load_percent',
    family: 'load_ratio',
    help: 'Waiting and running tasks per declared worker.',
  },
} as const satisfies Metric;

/** Waiting tasks plus those that `besides` counts; null if either is unknown. */
function add(ready: number | null | undefined, besides: number | null | undefined): number | null {
  return typeof ready === 'number' && typeof besides === 'number' ? ready + besides : null;
}

/** Waiting and running tasks per worker, in percent; null if any of these numbers is unknown. */
function loadOf({ queue_length, running_tasks, workers }: ServiceSample): number | null {
  const tasks = add(queue_length, running_tasks);
  return tasks === null || workers === null || workers === 0
    ? null
    : Math.round((tasks / workers) * 1000) / 10;
}
