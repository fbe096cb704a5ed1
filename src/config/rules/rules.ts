import { findBackend } from '../../queues/registry.ts';
import { BUSY_RULES } from './busy-rules.ts';
import { CONFIG_RULES, type ConfigRule } from './config-rules.ts';
import type { Finding } from '../file/document.ts';
import { quote } from '../file/fault.ts';
import type { ProjectRule } from './project-rule.ts';
import { RESOURCE_RULES } from './resource-rules.ts';
import { SCHEDULE_RULES } from './schedule-rules.ts';
import type { WrittenConfig } from '../schema/schema.ts';
import { findNameFault, unitName } from '../schema/service-name.ts';
import { STEP_RULES } from './step-rules.ts';
import { ALL_THRESHOLDS } from '../../metrics/registry.ts';
import { readSteps } from '../schema/steps.ts';

/** The thresholds that are measured by asking a broker. */
const OF_BROKERS = ALL_THRESHOLDS.filter((each) => each.needsBroker).map(({ key }) => key);

const PROJECT_RULES: ProjectRule[] = [
  {
    name: 'service-name',
    severity: 'error',
    reads: ['service_name'],
    check: ({ service_name }, name) => {
      const fault = findNameFault(unitName(service_name ?? name));
      if (fault === null) return [];
      const hint = service_name === undefined ? 'name the unit by "service_name"' : fault.hint;
      const found = quote(service_name ?? name);
      return [{ path: ['service_name'], found, expected: fault.expected, hint }];
    },
  },
  {
    name: 'min-above-max',
    severity: 'error',
    reads: ['min_workers', 'max_workers'],
    check: ({ min_workers: min, max_workers: max }) =>
      min <= max
        ? []
        : [
            {
              path: ['min_workers'],
              found: String(min),
              expected: `at most max_workers (${max})`,
              hint: null,
            },
          ],
  },
  {
    name: 'no-threshold',
    severity: 'error',
    reads: ALL_THRESHOLDS.map(({ key }) => key),
    check: (project) =>
      ALL_THRESHOLDS.some(({ key }) => readSteps(project, key).length > 0)
        ? []
        : [
            {
              path: [],
              found: 'no threshold: nothing would ever change',
              expected: null,
              hint: 'add "cpu_thresholds" or "queue_thresholds", such as { "scale_up_2": 60, "scale_down_1": 30 }',
            },
          ],
  },
  {
    name: 'queue-without-broker',
    severity: 'error',
    reads: [...OF_BROKERS, 'broker_url', 'redis_url'],
    check: (project) =>
      project.broker_url || project.redis_url
        ? []
        : OF_BROKERS.filter((key) => readSteps(project, key).length > 0).map((key) => ({
            path: [key],
            found: 'no "broker_url" to read the queue from',
            expected: null,
            hint: 'add it, such as "broker_url": "redis://localhost:6379/0"',
          })),
  },
  {
    name: 'two-brokers',
    severity: 'error',
    reads: ['broker_url', 'redis_url'],
    check: ({ broker_url, redis_url }) =>
      broker_url === undefined || redis_url === undefined || broker_url === redis_url
        ? []
        : [
            {
              path: ['redis_url'],
              found: quote(redis_url),
              expected: 'the same as broker_url',
              hint: 'it is the older name of broker_url: remove it',
            },
          ],
  },
  {
    name: 'broker-settings',
    severity: 'error',
    reads: ['broker_url', 'redis_url', 'broker_transport_options'],
    check: ({ broker_url, redis_url, broker_transport_options: options }) => {
      const url = broker_url ?? redis_url ?? '';
      const fault = findBackend(url)?.findFault({ url, options }) ?? null;
      return fault === null ? [] : [{ path: ['broker_url'], expected: null, ...fault }];
    },
  },
  {
    name: 'unacked-unknown',
    severity: 'error',
    reads: ['broker_url', 'queue_metric'],
    check: ({ broker_url, queue_metric }) => {
      const fault = findBackend(broker_url ?? '')?.noUnacked ?? null;
      return queue_metric !== 'ready+unacked' || fault === null
        ? []
        : [{ path: ['queue_metric'], found: '"ready+unacked"', ...fault }];
    },
  },
  {
    name: 'queue-twice',
    severity: 'error',
    reads: ['queues'],
    check: ({ queues }) =>
      queues.flatMap((queue, index) =>
        queues.indexOf(queue) === index
          ? []
          : [
              {
                path: ['queues', index],
                found: `${quote(queue)} for the second time`,
                expected: 'each queue once',
                hint: 'its tasks would count twice',
              },
            ],
      ),
  },
  ...STEP_RULES,
  ...BUSY_RULES,
  ...RESOURCE_RULES,
  ...SCHEDULE_RULES,
];

/** What the rules have against a config. */
export interface RuleFindings {
  errors: Finding[];
  warnings: Finding[];
}

/** Applies all rules. `isBroken`: whether the value at a path is faulty by itself, so that no rule can judge by it. */
export function checkRules(
  config: WrittenConfig,
  isBroken: (project: string, key: string) => boolean,
): RuleFindings {
  const findings: RuleFindings = { errors: [], warnings: [] };
  const report = ({ severity }: { severity: 'error' | 'warning' }, found: Finding[]): void => {
    findings[severity === 'error' ? 'errors' : 'warnings'].push(...found);
  };
  const canJudge = (rule: ProjectRule | ConfigRule, name: string): boolean =>
    !rule.reads.some((key) => isBroken(name, key));
  for (const [name, project] of Object.entries(config.projects)) {
    for (const rule of PROJECT_RULES) {
      if (!canJudge(rule, name)) continue;
      const found = rule.check(project, name);
      report(
        rule,
        found.map((f) => ({ ...f, path: ['projects', name, ...f.path] })),
      );
    }
  }
  for (const rule of CONFIG_RULES) {
    const judged = Object.entries(config.projects).filter(([name]) => canJudge(rule, name));
    report(rule, rule.check({ ...config, projects: Object.fromEntries(judged) }));
  }
  return findings;
}
