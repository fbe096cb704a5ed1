import { PERCENT } from '../model/checks.ts';
import type { Metric } from './metric.ts';

export const CPU = {
  name: 'cpu',
  label: 'cpu',
  unit: ' %',
  about: 'busy percent of all cores, since the previous run',
  of: 'host',
  isAverage: true,
  isShared: false,
  hasFirstLook: true,
  read: ({ host }) => host.cpu_percent,
  fields: { cpu_percent: PERCENT },
  thresholds: {
    key: 'cpu_thresholds',
    description:
      'Thresholds for the CPU of the host, in percent: above scale_up_N go up to N workers, below scale_down_N go down to N.',
    expected: 'percent, a number from 0 to 100',
    most: 100,
    durationKey: 'cpu_duration_minutes',
    durationDescription:
      'How long a CPU threshold must hold, in minutes: one number, or one for each direction. Fractions are allowed.',
    never: {
      above: 'the CPU is never above 100 percent',
      below: 'the CPU is never below 0 percent',
    },
  },
  exported: {
    column: 'cpu_percent',
    family: 'host_cpu_usage_ratio',
    help: 'Busy share of all cores since the previous run.',
  },
  // a Python process uses about one processor however many threads it has, since only one of them holds the interpreter
  // (https://docs.python.org/3/glossary.html#term-global-interpreter-lock)
  ownLoad: {
    most: (workers, { cores, usableCores }) => (Math.min(workers, usableCores) / cores) * 100,
    describe: ({ shown, workers, isOne, cores }) =>
      `and ${workers} ${isOne ? 'makes' : 'make'} at most ${shown} of ${cores} busy`,
  },
} as const satisfies Metric;
