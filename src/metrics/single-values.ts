import type { Metric } from './metric.ts';
import { ALL_METRICS } from './registry.ts';

type SingleValue = Pick<Metric, 'of' | 'about'>;

/** What else can be printed by itself, besides the metrics that have thresholds. */
const OTHERS = {
  memory: { of: 'host', about: 'MB available' },
  memory_percent: { of: 'host', about: 'percent of the memory in use' },
  celery_queue: { of: 'service', about: 'the older name of queue; needs no systemd' },
  workers: { of: 'service', about: 'workers that a service declares' },
} as const satisfies Record<string, SingleValue>;

export type OtherValue = keyof typeof OTHERS;

/** Whether this is the name of a value that has no thresholds. */
export function isOther(name: string): name is OtherValue {
  return name in OTHERS;
}

/** Everything that `metrics NAME` can print by itself, by name, values of the host first. */
export const SINGLE_VALUES: ReadonlyMap<string, SingleValue> = new Map(
  [
    ...ALL_METRICS.map((each): [string, SingleValue] => [each.name, each]),
    ...Object.entries(OTHERS),
  ]
    .map(([name, { of, about }]): [string, SingleValue] => [name, { of, about }])
    .sort(([, a], [, b]) => Number(a.of === 'service') - Number(b.of === 'service')),
);
