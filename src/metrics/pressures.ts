import { PERCENT } from '../model/checks.ts';
import type { PressureKey } from '../model/metric-name.ts';
import { ofService, type Metric, type OwnLoad } from './metric.ts';

const NEVER_MORE: OwnLoad = { most: () => 100 };

const ON_PROCESSORS: OwnLoad = {
  // a process waits for a processor only if there are more processes than processors
  most: (workers, { usableCores }) => (workers > usableCores ? 100 : 0),
  describe: ({ workers, usable }) => `and with ${workers} on ${usable} none waits for a processor`,
};

const CPU = {
  key: 'cpu_pressure',
  waited: 'waited for a processor',
  ownLoad: ON_PROCESSORS,
} as const;
const MEMORY = {
  key: 'memory_pressure',
  waited: 'waited for memory',
  ownLoad: NEVER_MORE,
} as const;
const IO = { key: 'io_pressure', waited: 'waited for a disk', ownLoad: NEVER_MORE } as const;

export const CPU_PRESSURE = pressure(CPU, 'service');
export const MEMORY_PRESSURE = pressure(MEMORY, 'service');
export const IO_PRESSURE = pressure(IO, 'service');
export const HOST_CPU_PRESSURE = pressure(CPU, 'host');
export const HOST_MEMORY_PRESSURE = pressure(MEMORY, 'host');
export const HOST_IO_PRESSURE = pressure(IO, 'host');

interface Resource<Key extends PressureKey> {
  /** its keys in a sample: for a service, and for the host */
  key: Key;
  waited: string;
  ownLoad: OwnLoad;
}

/** The share of the time in which some process waited for a resource; a project chooses whose. */
function pressure<Key extends PressureKey>(
  { key, waited, ownLoad }: Resource<Key>,
  of: Metric['of'],
) {
  const name = of === 'host' ? `host_${key}` : key;
  const whose = of === 'host' ? 'on the host' : 'of a service';
  return {
    ...{ name, of, ownLoad, unit: ' %', isAverage: true, isShared: false },
    label: name.replaceAll('_', ' '),
    about: `percent of the time in which some process ${whose} ${waited}`,
    read: of === 'host' ? ({ host }) => host[key] ?? null : ofService((found) => found[key]),
    fields: { [key]: PERCENT },
    thresholds: {
      key: `${key}_thresholds`,
      description: `Thresholds for pressure: percent of the time in which some process ${waited}. Above scale_up_N go up to N workers, below scale_down_N go down to N.`,
      expected: 'percent, a number from 0 to 100',
      most: 100,
      durationKey: 'pressure_duration_minutes',
      durationDescription:
        'How long a pressure threshold must hold, in minutes: one number, or one for each direction.',
      never: {
        above: 'a pressure is never above 100 percent',
        below: 'a pressure is never below 0 percent',
      },
    },
    when: { key: 'pressure_of', is: of },
    exported: {
      column: name,
      family: of === 'host' ? `host_${key}_ratio` : `service_${key}_ratio`,
      help: `Share of the time in which some process ${whose} ${waited}.`,
    },
  } as const satisfies Metric;
}
