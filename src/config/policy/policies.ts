import { PRESSURES, type MetricName } from '../../model/metric-name.ts';
import type { MetricPolicy, Policy } from '../../model/types.ts';
import { toBrakePolicy } from './brake-policy.ts';
import type { Config, Duration, Project } from '../schema/schema.ts';
import { readSteps, type ThresholdKey, type WrittenStep } from '../schema/steps.ts';

/** What each `queue_metric` is among the metrics. */
const QUEUE_METRICS: Record<Project['queue_metric'], MetricName> = {
  ready: 'queue',
  'ready+unacked': 'queue+unacked',
  'ready+running': 'queue+running',
  load: 'load',
};

const MS_PER_MINUTE = 60_000;

/** What the decision needs of the enabled projects, in the order of the config. */
export function toPolicies(config: Config): Policy[] {
  return Object.entries(config.projects)
    .filter(([, project]) => project.enabled)
    .map(([name, project]) => toPolicy(name, project));
}

function toPolicy(name: string, project: Project): Policy {
  return {
    project: name,
    service: project.service_name,
    minWorkers: project.min_workers,
    maxWorkers: project.max_workers,
    metrics: toMetricPolicies(project),
    memoryThresholdMb: project.memory_threshold_mb ?? null,
    ...(project.memory_threshold_mb !== undefined && {
      maxMemoryPressure: project.max_memory_pressure,
      memoryScaleDown: project.memory_scale_down,
    }),
    ...(project.min_own_cpu_share !== undefined && { minOwnCpuShare: project.min_own_cpu_share }),
    brakes: toBrakePolicy(project),
  };
}

/** Of the metrics that it has thresholds of. */
function toMetricPolicies(project: Project): MetricPolicy[] {
  const policies: MetricPolicy[] = [];
  const add = (metric: MetricName, key: ThresholdKey, duration: Duration): void => {
    if (project[key] === undefined) return;
    const policy = toMetricPolicy(metric, readSteps(project, key), duration);
    if (policy.up.length + policy.down.length > 0) policies.push(policy);
  };
  const prefix = project.pressure_of === 'host' ? 'host_' : '';
  add('cpu', 'cpu_thresholds', project.cpu_duration_minutes);
  add(QUEUE_METRICS[project.queue_metric], 'queue_thresholds', project.queue_duration_minutes);
  add('service_cpu', 'service_cpu_thresholds', project.service_cpu_duration_minutes);
  for (const key of PRESSURES) {
    add(`${prefix}${key}`, `${key}_thresholds`, project.pressure_duration_minutes);
  }
  add('drain_time', 'drain_time_thresholds', project.drain_time_duration_minutes);
  add('busy', 'busy_thresholds', project.busy_duration_minutes);
  add('backlog', 'backlog_thresholds', project.backlog_duration_minutes);
  return policies;
}

function toMetricPolicy(
  metric: MetricName,
  steps: WrittenStep[],
  duration: Duration,
): MetricPolicy {
  const towards = (wanted: WrittenStep['direction']) =>
    steps
      .filter(({ direction }) => direction === wanted)
      .map(({ workers, threshold }) => ({ workers, threshold }));
  return {
    metric,
    up: towards('up'),
    down: towards('down'),
    upMs: toMs(typeof duration === 'number' ? duration : duration.scale_up),
    downMs: toMs(typeof duration === 'number' ? duration : duration.scale_down),
  };
}

function toMs(minutes: number): number {
  return Math.round(minutes * MS_PER_MINUTE);
}
