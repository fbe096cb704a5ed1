import { PRESSURES, type PressureKey, type MetricName } from '../model/metric-name.ts';
import type { Sample, ServiceSample } from '../model/types.ts';

/** What there is to know of a metric: how it is told, what a value covers, where in a sample it stands. */
export interface MetricTraits {
  /** its name in sentences */
  label: string;
  /** what follows a value in sentences */
  unit: '' | ' %' | ' s';
  /** true: a value is the average since the sample before it; false: it is a point */
  isAverage: boolean;
  /** true: it is shared out among the workers, so that half of them have twice as much each */
  isShared: boolean;
  /** the value in a sample; null where it is missing */
  read: (sample: Pick<Sample, 'host' | 'services'>, service: string) => number | null;
  /** the keys of the sample's `errors` (those of the host or of the service) that say why it is missing */
  errorKeys: readonly string[];
}

const ofService =
  (read: (found: ServiceSample) => number | null | undefined): MetricTraits['read'] =>
  (sample, service) => {
    const found = sample.services[service];
    return found === undefined ? null : (read(found) ?? null);
  };

/** Tasks that wait and those that `besides` counts; null where either is unknown. */
function add(ready: number | null | undefined, besides: number | null | undefined): number | null {
  return typeof ready === 'number' && typeof besides === 'number' ? ready + besides : null;
}

/** Waiting and running tasks for each worker, in percent; null where one of them is unknown. */
function loadOf({ queue_length, running_tasks, workers }: ServiceSample): number | null {
  const tasks = add(queue_length, running_tasks);
  return tasks === null || workers === null || workers === 0
    ? null
    : Math.round((tasks / workers) * 1000) / 10;
}

/** Percent of one processor for each worker: 100 where all of them compute all the time. */
function serviceCpuOf({ cpu_cores: cores, workers }: ServiceSample): number | null {
  return typeof cores !== 'number' || workers === null || workers === 0
    ? null
    : Math.round((cores / workers) * 10_000) / 100;
}

type PressureMetrics = Record<PressureKey | `host_${PressureKey}`, MetricTraits>;

function pressureMetrics(): PressureMetrics {
  const entries = PRESSURES.flatMap((key): [string, MetricTraits][] => {
    const label = key.replace('_', ' ');
    const traits = { unit: ' %', isAverage: true, isShared: false, errorKeys: [key] } as const;
    return [
      [key, { ...traits, label, read: ofService((found) => found[key]) }],
      [
        `host_${key}`,
        { ...traits, label: `host ${label}`, read: (sample) => sample.host[key] ?? null },
      ],
    ];
  });
  return Object.fromEntries(entries) as PressureMetrics;
}

/** All metrics that have thresholds. */
export const METRICS: Record<MetricName, MetricTraits> = {
  cpu: {
    label: 'cpu',
    unit: ' %',
    isAverage: true,
    isShared: false,
    read: (sample) => sample.host.cpu_percent,
    errorKeys: ['cpu_percent'],
  },
  queue: {
    label: 'queue',
    unit: '',
    isAverage: false,
    isShared: false,
    read: ofService((found) => found.queue_length),
    errorKeys: ['queue_length'],
  },
  'queue+unacked': {
    label: 'queue with unacknowledged tasks',
    unit: '',
    isAverage: false,
    isShared: false,
    read: ofService((found) => add(found.queue_length, found.unacked)),
    errorKeys: ['queue_length', 'unacked'],
  },
  'queue+running': {
    label: 'queue with running tasks',
    unit: '',
    isAverage: false,
    isShared: false,
    read: ofService((found) => add(found.queue_length, found.running_tasks)),
    errorKeys: ['queue_length', 'running_tasks'],
  },
  load: {
    label: 'load',
    unit: ' %',
    isAverage: false,
    isShared: true,
    read: ofService(loadOf),
    errorKeys: ['queue_length', 'running_tasks', 'workers'],
  },
  drain_time: {
    label: 'drain time',
    unit: ' s',
    isAverage: false,
    isShared: true,
    read: ofService((found) => found.drain_time_s),
    errorKeys: ['drain_time_s'],
  },
  busy: {
    label: 'busy',
    unit: ' %',
    isAverage: false,
    isShared: true,
    read: ofService((found) => found.busy_percent),
    errorKeys: ['busy_percent'],
  },
  backlog: {
    label: 'backlog',
    unit: '',
    isAverage: false,
    isShared: false,
    read: ofService((found) => found.backlog),
    errorKeys: ['backlog'],
  },
  service_cpu: {
    label: 'service cpu',
    unit: ' %',
    isAverage: true,
    isShared: true,
    read: ofService(serviceCpuOf),
    errorKeys: ['cpu_cores', 'workers'],
  },
  ...pressureMetrics(),
};

/** Why a value is missing that nobody gave. */
export const NOT_SAMPLED = 'not in the sample';

/** Why an average is missing where nothing went wrong: its counter has only just been read for the first time. */
export const COUNTED_FROM_NOW = 'it is counted from this sample on';

/** Why a metric is missing in a sample. */
export function findMetricError(sample: Sample, service: string, metric: MetricName): string {
  // a service's own key may have the same name as the host's
  const own = metric.startsWith('host_') ? {} : sample.services[service]?.errors;
  const errors = { ...sample.host.errors, ...own };
  const key = METRICS[metric].errorKeys.find((each) => errors[each] !== undefined);
  return key === undefined ? NOT_SAMPLED : errors[key]!;
}
