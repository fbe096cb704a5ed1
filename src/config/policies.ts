import { PRESSURES, type MetricName } from '../decide/metric-name.ts';
import type { MetricPolicy, Policy } from '../decide/types.ts';
import { toBrakePolicy } from './brake-policy.ts';
import type { Config, Duration, Project } from './schema.ts';
import { readSteps, type WrittenStep } from './steps.ts';

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
  const { cpu_duration_minutes: cpu, queue_duration_minutes: queue } = project;
  const { drain_time_duration_minutes: drain } = project;
  const metrics = [
    toMetricPolicy('cpu', readSteps(project, 'cpu_thresholds'), cpu),
    toMetricPolicy(
      QUEUE_METRICS[project.queue_metric],
      readSteps(project, 'queue_thresholds'),
      queue,
    ),
    ...toResourcePolicies(project),
    toMetricPolicy('drain_time', readSteps(project, 'drain_time_thresholds'), drain),
    toMetricPolicy('busy', readSteps(project, 'busy_thresholds'), project.busy_duration_minutes),
    toMetricPolicy(
      'backlog',
      readSteps(project, 'backlog_thresholds'),
      project.backlog_duration_minutes,
    ),
  ];
  return {
    project: name,
    service: project.service_name,
    minWorkers: project.min_workers,
    maxWorkers: project.max_workers,
    metrics: metrics.filter(({ up, down }) => up.length + down.length > 0),
    memoryThresholdMb: project.memory_threshold_mb ?? null,
    ...(project.memory_threshold_mb !== undefined && {
      maxMemoryPressure: project.max_memory_pressure,
      memoryScaleDown: project.memory_scale_down,
    }),
    ...(project.min_own_cpu_share !== undefined && { minOwnCpuShare: project.min_own_cpu_share }),
    brakes: toBrakePolicy(project),
  };
}

function toResourcePolicies(project: Project): MetricPolicy[] {
  const { service_cpu_duration_minutes: cpu, pressure_duration_minutes: pressure } = project;
  const prefix = project.pressure_of === 'host' ? 'host_' : '';
  return [
    toMetricPolicy('service_cpu', readSteps(project, 'service_cpu_thresholds'), cpu),
    ...PRESSURES.map((key) =>
      toMetricPolicy(`${prefix}${key}`, readSteps(project, `${key}_thresholds`), pressure),
    ),
  ];
}

function toMetricPolicy(
  metric: MetricPolicy['metric'],
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
