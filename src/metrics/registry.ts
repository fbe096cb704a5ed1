import type { MetricName } from '../model/metric-name.ts';
import { BACKLOG } from './backlog.ts';
import { BUSY } from './busy.ts';
import { CPU } from './cpu.ts';
import { DRAIN_TIME } from './drain-time.ts';
import type { Metric, Thresholds } from './metric.ts';
import {
  CPU_PRESSURE,
  HOST_CPU_PRESSURE,
  HOST_IO_PRESSURE,
  HOST_MEMORY_PRESSURE,
  IO_PRESSURE,
  MEMORY_PRESSURE,
} from './pressures.ts';
import { LOAD, QUEUE, QUEUE_AND_RUNNING, QUEUE_AND_UNACKED } from './queue.ts';
import { SERVICE_CPU } from './service-cpu.ts';

/** In the order in which their thresholds are explained. */
const TABLE = [
  CPU,
  QUEUE,
  QUEUE_AND_UNACKED,
  QUEUE_AND_RUNNING,
  LOAD,
  SERVICE_CPU,
  CPU_PRESSURE,
  MEMORY_PRESSURE,
  IO_PRESSURE,
  HOST_CPU_PRESSURE,
  HOST_MEMORY_PRESSURE,
  HOST_IO_PRESSURE,
  DRAIN_TIME,
  BUSY,
  BACKLOG,
] as const satisfies readonly Metric[];

type KeysOf = (typeof TABLE)[number]['thresholds'];

/** The keys of a project that hold thresholds. */
export type ThresholdKey = KeysOf['key'];

/** The keys of a project that say how long thresholds must hold. */
export type DurationKey = KeysOf['durationKey'];

/** A metric whose keys are keys of the config. */
export type KnownMetric = Metric & { thresholds: Thresholds<ThresholdKey, DurationKey> };

/** All metrics that have thresholds. */
export const ALL_METRICS: readonly KnownMetric[] = TABLE;

/** What configures them: each part once, in the order of the metrics. */
export const ALL_THRESHOLDS: readonly Thresholds<ThresholdKey, DurationKey>[] = [
  ...new Map(ALL_METRICS.map(({ thresholds }) => [thresholds.key, thresholds])).values(),
];

const BY_NAME = new Map(ALL_METRICS.map((metric) => [metric.name, metric]));

/** A metric by its name, which comes from the table. */
export function metricOf(name: MetricName): KnownMetric {
  const metric = BY_NAME.get(name);
  if (metric === undefined) throw new Error(`there is no metric ${name}`);
  return metric;
}
