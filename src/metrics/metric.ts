import type { Check } from '../model/checks.ts';
import type { MetricName } from '../model/metric-name.ts';
import type { Sample, ServiceSample } from '../model/types.ts';

/** What a value is read from. */
export type Measured = Pick<Sample, 'host' | 'services'>;

/** A metric that has thresholds: how it is configured, read from a sample, worded, and exported. */
export interface Metric {
  /** in `metrics NAME`, in JSON and in the reasons of a decision */
  name: MetricName;
  /** its name in sentences */
  label: string;
  /** what follows a value in sentences */
  unit: '' | ' %' | ' s';
  /** what it is, in a few words, for `metrics --help` and the documentation */
  about: string;
  /** what a value belongs to; one of the host needs no project */
  of: 'host' | 'service';
  /** true: a value is the average since the sample before it; false: it is a point */
  isAverage: boolean;
  /** true: it is divided among the workers, so that with half as many workers each has twice as much */
  isShared: boolean;
  /** true: a value without a sample before it is only a first look, which says nothing about the values that follow */
  hasFirstLook?: true;
  /** the value in a sample; null if it is missing. A metric of the host ignores `service` */
  read: (sample: Measured, service: string) => number | null;
  /** the keys of the sample that it is read from, each with the check of its value; if one is missing, its error says why */
  fields: Readonly<Record<string, Check>>;
  /** the keys of a project that configure it; metrics that exclude each other share them */
  thresholds: Thresholds;
  /** the setting of a project that chooses this one among those that share `thresholds` */
  when?: { key: 'queue_metric' | 'pressure_of'; is: string };
  exported: Exported;
  /** how high a service can drive it by its own load, and how that is worded; missing: there is no bound */
  ownLoad?: OwnLoad;
}

/** The keys of a project that hold the thresholds of a metric and their durations. */
export interface Thresholds<Key extends string = string, DurationKey extends string = string> {
  key: Key;
  /** what the documentation says about the key */
  description: string;
  /** what a value must be: `percent, a number from 0 to 100` */
  expected: string;
  most: number;
  durationKey: DurationKey;
  durationDescription: string;
  /** why a threshold at the end of the range never acts; `above`: for one at `most`, if values go no higher */
  never: { above?: string; below: string };
  /** it is measured by asking a broker */
  needsBroker?: true;
  /** only services whose workers serve these have it; missing: all services */
  serves?: 'requests' | 'tasks';
}

/** What the metric is called in output for programs. */
export interface Exported {
  /** the column of `history --csv`; values as in a sample */
  column: string;
  /** the name in Prometheus' textfile after `autoscaler_`; percentages become ratios */
  family: string;
  help: string;
  /** the part of the metric that is exported, if the rest is exported by itself. Default: its value */
  read?: Metric['read'];
}

/** How high a service can drive its metrics depends on this. */
export interface Capacity {
  /** processors of the host, whose CPU is measured */
  cores: number;
  /** processors that the service may use */
  usableCores: number;
  /** its workers serve many requests at once */
  isAsync: boolean;
}

export interface OwnLoad {
  /** how high this number of workers can drive it, in its unit */
  most: (workers: number, capacity: Capacity) => number;
  /** the same in words, to follow what is needed; missing: `and it is never more than 100 %` */
  describe?: (load: LoadShown) => string;
}

/** The words in which a bound is reported. */
export interface LoadShown {
  /** the bound with its unit */
  shown: string;
  most: number;
  /** `1 worker`, `2 workers` */
  workers: string;
  isOne: boolean;
  /** `2 processors`, of the host */
  cores: string;
  /** the processors that the service may use, with what limits them */
  usable: string;
}

/** Reads a metric of a service from its part of a sample. */
export const ofService =
  (read: (found: ServiceSample) => number | null | undefined): Metric['read'] =>
  (sample, service) => {
    const found = sample.services[service];
    return found === undefined ? null : (read(found) ?? null);
  };

/** What programs get from a metric: its value, or the part that nothing else exports. */
export function readExported(
  { exported, read }: Metric,
  sample: Measured,
  service: string,
): number | null {
  return (exported.read ?? read)(sample, service);
}
