import type { ThresholdKey } from '../../metrics/registry.ts';
import type { WrittenProject } from './schema.ts';
import { STEP_KEY } from './step-key.ts';

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
