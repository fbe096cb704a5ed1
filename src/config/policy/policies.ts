import { ALL_METRICS } from '../../metrics/registry.ts';
import type { MetricName } from '../../model/metric-name.ts';
import type { MetricPolicy, Policy } from '../../model/types.ts';
import { toBrakePolicy } from './brake-policy.ts';
import type { Config, Duration, Project } from '../schema/schema.ts';
import { readSteps, type WrittenStep } from '../schema/steps.ts';

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
  return ALL_METRICS.filter(({ when }) => when === undefined || project[when.key] === when.is)
    .map(({ name, thresholds: { key, durationKey } }) =>
      toMetricPolicy(name, readSteps(project, key), project[durationKey]),
    )
    .filter(({ up, down }) => up.length + down.length > 0);
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
