import { kindNamed, KINDS } from '../../kinds/registry.ts';
import type { ProjectRule } from './project-rule.ts';
import { ALL_THRESHOLDS } from '../../metrics/registry.ts';
import { readSteps } from '../schema/steps.ts';

const KEYS = ALL_THRESHOLDS.filter(({ serves }) => serves === 'requests').map(({ key }) => key);

/** Whose workers answer requests. */
const SERVING = KINDS.filter(({ serves }) => serves === 'requests').map(({ words }) => words.label);

/** The rules about how busy Gunicorn's workers are. */
export const BUSY_RULES: ProjectRule[] = [
  {
    name: 'busy-celery',
    severity: 'error',
    reads: ['kind', ...KEYS],
    check: (project) => {
      const kind = project.kind === undefined ? null : kindNamed(project.kind);
      if (kind === null || kind.serves === 'requests') return [];
      return KEYS.filter((key) => readSteps(project, key).length > 0).map((key) => ({
        path: [key],
        found: kind.words.process,
        expected: `a ${SERVING.join(' or ')} service, whose workers can be observed from outside`,
        hint: `for ${kind.words.label} there is "queue_thresholds" with "queue_metric": "load"`,
      }));
    },
  },
];
