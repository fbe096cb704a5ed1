import type { ProjectRule } from './project-rule.ts';
import { kindNamed } from '../../kinds/registry.ts';
import { ALL_THRESHOLDS } from '../../metrics/registry.ts';
import { readSteps } from '../schema/steps.ts';

const OF_ONE_KIND = ALL_THRESHOLDS.filter(({ kind }) => kind !== undefined);

/** The rules about metrics that only services of one kind have. */
export const KIND_RULES: ProjectRule[] = [
  {
    name: 'busy-celery',
    severity: 'error',
    reads: ['kind', ...OF_ONE_KIND.map(({ key }) => key)],
    check: (project) =>
      OF_ONE_KIND.flatMap(({ key, kind }) =>
        project.kind === undefined || project.kind === kind || readSteps(project, key).length === 0
          ? []
          : [
              {
                path: [key],
                found: kindNamed(project.kind).words.service,
                expected: 'a Gunicorn service, whose workers are seen from outside',
                hint: 'for Celery there is "queue_thresholds" with "queue_metric": "load"',
              },
            ],
      ),
  },
];
