import type { ProjectRule } from './project-rule.ts';
import { ALL_THRESHOLDS } from '../../metrics/registry.ts';
import { readSteps } from '../schema/steps.ts';

const KEYS = ALL_THRESHOLDS.filter(({ kind }) => kind === 'gunicorn').map(({ key }) => key);

/** The rules about how busy Gunicorn's workers are. */
export const BUSY_RULES: ProjectRule[] = [
  {
    name: 'busy-celery',
    severity: 'error',
    reads: ['kind', ...KEYS],
    check: (project) =>
      KEYS.filter((key) => project.kind === 'celery' && readSteps(project, key).length > 0).map(
        (key) => ({
          path: [key],
          found: 'a Celery worker',
          expected: 'a Gunicorn service, whose workers are seen from outside',
          hint: 'for Celery there is "queue_thresholds" with "queue_metric": "load"',
        }),
      ),
  },
];
