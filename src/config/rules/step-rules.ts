import { formatCount } from '../../model/wording.ts';
import type { Finding } from '../file/document.ts';
import type { ProjectRule } from './project-rule.ts';
import type { WrittenProject } from '../schema/schema.ts';
import { ALL_THRESHOLDS, type ThresholdKey } from '../../metrics/registry.ts';
import { readSteps, type WrittenStep } from '../schema/steps.ts';

/** The rules of the thresholds of one metric: each holds for every metric by itself. */
export const STEP_RULES: ProjectRule[] = ALL_THRESHOLDS.flatMap(({ key: metric, most, never }) => [
  rule(
    metric,
    'error',
    'step-above-max',
    ['max_workers', 'schedules'],
    ({ up }, { max_workers: max, schedules = [] }) =>
      up
        // a window may allow more
        .filter(({ workers }) => schedules.every((each) => workers > (each.max_workers ?? max)))
        .filter(({ workers }) => workers > max)
        .map(({ key, workers }) => ({
          key,
          found: String(workers),
          expected: `at most max_workers (${max}) workers to go to`,
          hint: `raise max_workers, or name it "scale_up_${max}"`,
        })),
  ),
  rule(metric, 'warning', 'step-below-min', ['min_workers'], ({ down }, { min_workers: min }) =>
    down
      .filter(({ workers }) => workers < min)
      .map(({ key }) => ({
        key,
        found: `fewer than min_workers (${min})`,
        expected: null,
        hint: `it leads to ${min}; lower min_workers, or name it "scale_down_${min}"`,
      })),
  ),
  rule(metric, 'error', 'up-below-down', [], ({ up, down }) =>
    up.flatMap((step) => {
      const against = findOpposing(step, down, (d) => step.threshold < d.threshold);
      if (!against) return [];
      const hint =
        against.workers === step.workers
          ? 'a value between the two would be too high and too low at once'
          : `a value between the two would lead to ${formatCount(step.workers, 'worker')} and back to ${against.workers} for ever`;
      return [
        {
          key: step.key,
          found: String(step.threshold),
          expected: `more than ${against.key} (${against.threshold})`,
          hint,
        },
      ];
    }),
  ),
  rule(metric, 'warning', 'up-equals-down', [], ({ up, down }) =>
    up.flatMap((step) => {
      // where it is below another one, that is said already
      if (findOpposing(step, down, (d) => step.threshold < d.threshold)) return [];
      const against = findOpposing(step, down, (d) => step.threshold === d.threshold);
      if (!against) return [];
      const found = `the same threshold as ${against.key}`;
      return [
        {
          key: step.key,
          found,
          expected: null,
          hint: 'leave a gap between them, or the number will keep going up and down',
        },
      ];
    }),
  ),
  rule(metric, 'warning', 'step-overtaken', [], ({ up, down }) => [
    ...up.flatMap((step) =>
      overtaken(
        step,
        up.find((o) => o.workers > step.workers && o.threshold <= step.threshold),
      ),
    ),
    ...down.flatMap((step) =>
      overtaken(
        step,
        down.find((o) => o.workers < step.workers && o.threshold >= step.threshold),
      ),
    ),
  ]),
  rule(
    metric,
    'warning',
    'step-without-effect',
    ['min_workers', 'max_workers'],
    ({ up, down }, { min_workers: min, max_workers: max }) => [
      ...up
        .filter(({ workers }) => workers <= min)
        .map(({ key }) =>
          unused(key, `there are never fewer than ${formatCount(min, 'worker')} (min_workers)`),
        ),
      ...down
        .filter(({ workers }) => workers >= max)
        .map(({ key }) =>
          unused(key, `there are never more than ${formatCount(max, 'worker')} (max_workers)`),
        ),
    ],
  ),
  rule(metric, 'warning', 'threshold-out-of-reach', [], ({ up, down }) => [
    ...up
      .filter(({ threshold }) => never.above !== undefined && threshold === most)
      .map(({ key }) => unused(key, never.above ?? '')),
    ...down.filter(({ threshold }) => threshold === 0).map(({ key }) => unused(key, never.below)),
  ]),
]);

interface Steps {
  up: WrittenStep[];
  down: WrittenStep[];
}

type StepFinding = Omit<Finding, 'path'> & { key: string };

function rule(
  metric: ThresholdKey,
  severity: ProjectRule['severity'],
  name: string,
  reads: ProjectRule['reads'],
  check: (steps: Steps, project: WrittenProject) => StepFinding[],
): ProjectRule {
  return {
    name,
    severity,
    reads,
    check: (project) => {
      const steps = readSteps(project, metric);
      const up = steps.filter(({ direction }) => direction === 'up');
      const down = steps.filter(({ direction }) => direction === 'down');
      return check({ up, down }, project).map(({ key, ...what }) => ({
        path: [metric, key],
        ...what,
      }));
    },
  };
}

/**
 * A `scale_down` that leads to no more workers than `up` does and fits the comparison. One that
 * leads to more opposes nothing: the two meet in the middle.
 */
function findOpposing(
  up: WrittenStep,
  down: WrittenStep[],
  fits: (down: WrittenStep) => boolean,
): WrittenStep | undefined {
  // the nearest count first: it explains best
  return down.toReversed().find((step) => step.workers <= up.workers && fits(step));
}

function overtaken(step: WrittenStep, by: WrittenStep | undefined): StepFinding[] {
  return by
    ? [unused(step.key, `whenever it is satisfied, ${by.key} (${by.threshold}) is too`)]
    : [];
}

function unused(key: string, hint: string): StepFinding {
  return { key, found: 'never used', expected: null, hint };
}
