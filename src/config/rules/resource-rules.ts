import type { ProjectRule } from './project-rule.ts';
import { readSteps } from '../schema/steps.ts';

/** The rules about what a service itself uses, and waits for. */
export const RESOURCE_RULES: ProjectRule[] = [
  {
    name: 'own-share-without-cpu',
    severity: 'warning',
    reads: ['min_own_cpu_share', 'cpu_thresholds'],
    check: (project) =>
      project.min_own_cpu_share === undefined ||
      readSteps(project, 'cpu_thresholds').some(({ direction }) => direction === 'up')
        ? []
        : [
            {
              path: ['min_own_cpu_share'],
              found: 'never used',
              expected: null,
              hint: 'it applies to "scale_up_N" of "cpu_thresholds", and there is none',
            },
          ],
  },
  {
    name: 'memory-down-without-budget',
    severity: 'error',
    reads: ['memory_scale_down', 'memory_threshold_mb'],
    check: (project) =>
      !project.memory_scale_down || project.memory_threshold_mb !== undefined
        ? []
        : [
            {
              path: ['memory_scale_down'],
              found: 'no "memory_threshold_mb" to enforce',
              expected: null,
              hint: 'add it: the memory of the host that must remain available, in MB',
            },
          ],
  },
  {
    name: 'memory-pressure-up',
    severity: 'warning',
    reads: ['memory_pressure_thresholds'],
    check: (project) =>
      readSteps(project, 'memory_pressure_thresholds')
        .filter(({ direction }) => direction === 'up')
        .map(({ key }) => ({
          path: ['memory_pressure_thresholds', key],
          found: 'more workers when memory is short',
          expected: null,
          hint: 'they would need even more memory; what protects memory is "memory_threshold_mb"',
        })),
  },
];
