import { AMOUNT, COUNT } from '../model/checks.ts';
import type { ServiceSample } from '../model/types.ts';
import { ofService, type Metric } from './metric.ts';

export const SERVICE_CPU = {
  name: 'service_cpu',
  label: 'service cpu',
  unit: ' %',
  about: 'CPU that a service uses, in percent of one processor per worker',
  of: 'service',
  isAverage: true,
  isShared: true,
  read: ofService(serviceCpuOf),
  fields: { cpu_cores: AMOUNT, workers: COUNT },
  thresholds: {
    key: 'service_cpu_thresholds',
    description:
      'Thresholds for the CPU that the service itself uses, in percent of one processor per worker, so that 100 means that all workers are computing: above scale_up_N go up to N workers, below scale_down_N go down to N.',
    expected: 'percent of one processor for each worker, a number from 0',
    most: Number.MAX_SAFE_INTEGER,
    durationKey: 'service_cpu_duration_minutes',
    durationDescription:
      'How long a service CPU threshold must hold, in minutes: one number, or one for each direction.',
    never: { below: 'no time is below 0' },
  },
  exported: {
    column: 'service_cpu_percent',
    family: 'service_cpu_usage_ratio',
    help: 'CPU that the service uses, as a share of one processor per declared worker.',
  },
  ownLoad: {
    most: (workers, { usableCores }) => (Math.min(workers, usableCores) / workers) * 100,
    describe: ({ shown, workers, isOne, usable }) =>
      `and ${workers} on ${usable} ${isOne ? 'computes' : 'compute'} at most ${shown} each`,
  },
} as const satisfies Metric;

/** Percent of one processor per worker: 100 if all of them compute all the time. */
function serviceCpuOf({ cpu_cores: cores, workers }: ServiceSample): number | null {
  return typeof cores !== 'number' || workers === null || workers === 0
    ? null
    : Math.round((cores / workers) * 10_000) / 100;
}
