import type { WrittenProject } from './schema.ts';
import { STEP_KEY } from './step-key.ts';

/** The keys of a project that hold thresholds. */
export const THRESHOLD_KEYS = [
  'cpu_thresholds',
  'queue_thresholds',
  'service_cpu_thresholds',
  'cpu_pressure_thresholds',
  'memory_pressure_thresholds',
  'io_pressure_thresholds',
  'drain_time_thresholds',
  'busy_thresholds',
  'backlog_thresholds',
] as const;

export type ThresholdKey = (typeof THRESHOLD_KEYS)[number];

/** A threshold as it is written: `scale_up_N: threshold`, N being `workers`. */
export interface WrittenStep {
  key: string;
  direction: 'up' | 'down';
  workers: number;
  threshold: number;
}

/** The thresholds of one metric of a project, by workers, the fewest first; none where the project has none. */
export function readSteps(project: WrittenProject, key: ThresholdKey): WrittenStep[] {
  return Object.entries(project[key] ?? {})
    .flatMap(([name, threshold]): WrittenStep[] => {
      const [, direction, workers] = STEP_KEY.exec(name) ?? [];
      return direction === 'up' || direction === 'down'
        ? [{ key: name, direction, workers: Number(workers), threshold }]
        : [];
    })
    .sort((a, b) => a.workers - b.workers);
}
