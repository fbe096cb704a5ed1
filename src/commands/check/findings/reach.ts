import { kindNamed } from '../../../kinds/registry.ts';
import { metricOf } from '../../../metrics/registry.ts';
import type { KindName, MetricPolicy, Policy, Step } from '../../../model/types.ts';
import { formatCount } from '../../../model/wording.ts';
import { formatMetric } from '../../../metrics/wording.ts';
import { mostByOwnLoad, type Load } from './own-load.ts';
import type { Finding } from './types.ts';

/** What is known of a service besides its policy. */
export interface Reach extends Load {
  policy: Policy;
  kind: KindName | null;
}

/** Thresholds that can never act, or that lead one way only. */
export function checkReach(reach: Reach): Finding[] {
  const { policy, kind } = reach;
  const oneWay = checkOneWay(policy);
  const growing = policy.metrics.filter(({ up }) => up.length > 0);
  // what a service can make of a metric is known of Gunicorn and Celery
  if (kind === null || growing.length === 0 || policy.minWorkers === policy.maxWorkers) {
    return oneWay;
  }
  const stuck = findStuck(reach).map((range) => describeStuck(range, reach));
  return [...oneWay, ...stuck, ...(stuck.length > 0 ? [] : checkCpuReach(reach))];
}

/** A service that only ever grows, or only shrinks, was seldom meant so. */
function checkOneWay({ project, metrics, minWorkers, maxWorkers }: Policy): Finding[] {
  if (minWorkers === maxWorkers) {
    return [
      {
        code: 'limits_equal',
        severity: 'warning',
        project,
        evidence: `min_workers and max_workers are both ${minWorkers}: no threshold can ever act`,
        remedy: 'raise max_workers or lower min_workers',
      },
    ];
  }
  const up = metrics.some((metric) => metric.up.length > 0);
  const down = metrics.some((metric) => metric.down.length > 0);
  if (up && down) return [];
  const [has, lacks, what] = up
    ? ['scale_up', 'scale_down', 'grows and is never lowered']
    : ['scale_down', 'scale_up', 'shrinks and is never raised'];
  return [
    {
      code: 'one_way',
      severity: 'warning',
      project,
      evidence: `it has ${has} thresholds and no ${lacks}: the service ${what} again`,
      remedy: `add a ${lacks} threshold`,
    },
  ];
}

/** Numbers of workers from which nothing leads up, one after the other. */
interface Stuck {
  first: number;
  last: number;
  /** whether there are thresholds to more at all */
  hasSteps: boolean;
}

/** The numbers of workers, below the most, from which no threshold to more can be passed by the service's own load. */
function findStuck(reach: Reach): Stuck[] {
  const { minWorkers, maxWorkers } = reach.policy;
  const found: Stuck[] = [];
  for (let count = minWorkers; count < maxWorkers; count++) {
    const steps = listStepsUp(count, reach);
    if (steps.some(({ step, most }) => step.threshold < most)) continue;
    const hasSteps = steps.length > 0;
    const last = found.at(-1);
    if (last?.last === count - 1 && last.hasSteps === hasSteps) last.last = count;
    else found.push({ first: count, last: count, hasSteps });
  }
  return found;
}

/** A threshold that leads up from a number of workers, and the most that their own load makes of its metric. */
interface StepUp {
  metric: MetricPolicy['metric'];
  step: Step;
  most: number;
}

function listStepsUp(count: number, reach: Reach): StepUp[] {
  return reach.policy.metrics.flatMap(({ metric, up }) => {
    const most = mostByOwnLoad(metric, count, reach);
    return up
      .filter(({ workers }) => workers > count)
      .map((step): StepUp => ({ metric, step, most }));
  });
}

function describeStuck({ first, last, hasSteps }: Stuck, reach: Reach): Finding {
  const { project, maxWorkers } = reach.policy;
  const found = { severity: 'warning', project } as const;
  const counts = first === last ? formatCount(first, 'worker') : `${first} to ${last} workers`;
  if (!hasSteps) {
    return {
      ...{ ...found, code: 'max_out_of_reach' },
      evidence: `no threshold goes beyond ${counts}: max_workers (${maxWorkers}) is never reached`,
      remedy: `add "scale_up_${maxWorkers}", or lower max_workers to ${first}`,
    };
  }
  return {
    ...{ ...found, code: 'up_out_of_reach' },
    evidence: `with ${counts} it cannot grow by its own load: ${describeEnds(first, last, reach)}`,
    remedy: describeRemedy({ first, last }, reach),
  };
}

/** What is asked for at the most workers of a range, and before it what is asked for at the fewest, where that is another. */
function describeEnds(first: number, last: number, reach: Reach): string {
  const atLast = findEasiest(last, reach);
  const atFirst = findEasiest(first, reach).filter(
    ({ step }) => !atLast.some((each) => each.step === step),
  );
  return [
    ...atFirst.map((each) => describeReach(each, first, reach)),
    ...atLast.map((each) => describeReach(each, last, reach)),
  ].join('; ');
}

/** Of each metric the threshold that is passed first. */
function findEasiest(count: number, reach: Reach): StepUp[] {
  const steps = listStepsUp(count, reach);
  const metrics = [...new Set(steps.map(({ metric }) => metric))];
  return metrics.map((metric) =>
    steps
      .filter((each) => each.metric === metric)
      .reduce((a, b) => (b.step.threshold < a.step.threshold ? b : a)),
  );
}

/** `scale_up_2 needs cpu above 60 %, and 1 worker makes at most 50 % of it on 2 processors`. */
function describeReach({ metric, step, most }: StepUp, count: number, reach: Reach): string {
  const { label, ownLoad } = metricOf(metric);
  const needs = `scale_up_${step.workers} needs ${label} above ${formatMetric(metric, step.threshold)}`;
  const shown = formatMetric(metric, most, step.threshold);
  const { cores, usableCores = cores, quota } = reach;
  const by = quota === undefined ? '' : ` (CPUQuota of ${quota})`;
  const bound = ownLoad?.describe?.({
    ...{ shown, most, workers: formatCount(count, 'worker'), isOne: count === 1 },
    cores: formatCount(cores, 'processor'),
    usable: `${formatCount(Math.round(usableCores * 100) / 100, 'processor')}${by}`,
  });
  const share = metric === 'cpu' ? describeShare(step, most, reach) : '';
  return `${needs}, ${bound ?? `and it is never more than ${shown}`}${share}`;
}

/** Other programs may add to the host's CPU, but not to the service's share of it. */
function describeShare({ threshold }: Step, most: number, { policy }: Reach): string {
  const needed = policy.minOwnCpuShare ?? 0;
  const share = threshold === 0 ? 100 : (most / threshold) * 100;
  if (share >= needed) return '';
  return `; if other programs add to that, its share is below ${formatMetric('cpu', share, needed)}, but min_own_cpu_share requires ${formatMetric('cpu', needed)}`;
}

/** A metric that the service's own load passes whatever its number of workers, with a threshold that suits most. */
function suggestMetric({ kind, workerClass, policy }: Reach): string {
  const step = (threshold: number): string => `{ "scale_up_${policy.maxWorkers}": ${threshold} }`;
  if (kind !== null && kindNamed(kind).serves === 'tasks') return `"queue_thresholds": ${step(10)}`;
  return workerClass === 'async'
    ? `"backlog_thresholds": ${step(5)}`
    : `"busy_thresholds": ${step(75)}`;
}

function describeRemedy({ first, last }: Pick<Stuck, 'first' | 'last'>, reach: Reach): string {
  const { maxWorkers } = reach.policy;
  const lower = findEasiest(last, reach).flatMap(({ metric, step }) => {
    const most = Math.min(mostByOwnLoad(metric, first, reach), mostByOwnLoad(metric, last, reach));
    return most > 1 && Number.isFinite(most)
      ? [`set scale_up_${step.workers} of ${metricOf(metric).label} below ${Math.floor(most)}`]
      : [];
  });
  const isLowest = last + 1 < maxWorkers;
  return [
    ...lower,
    `use a metric that its own load can always reach: ${suggestMetric(reach)}`,
    ...(isLowest ? [`raise min_workers to ${last + 1}`] : []),
    ...(reach.quota === undefined
      ? []
      : [`raise CPUQuota= of ${reach.quota}: under it, more workers add little`]),
  ].join(', or ');
}

/**
 * Single thresholds of the host's CPU that the service's own load never passes, where another one leads on: they act only
 * where other programs add to it.
 */
function checkCpuReach(reach: Reach): Finding[] {
  const { policy, cores } = reach;
  const cpu = policy.metrics.find(({ metric }) => metric === 'cpu');
  return (cpu?.up ?? []).flatMap(({ workers, threshold }) => {
    const most = Math.min(workers - 1, policy.maxWorkers);
    const percent = Math.round(mostByOwnLoad('cpu', most, reach));
    if (most < policy.minWorkers || percent > threshold) return [];
    return [
      {
        code: 'cpu_out_of_reach',
        severity: 'info',
        project: policy.project,
        evidence: `fewer than ${formatCount(workers, 'worker')} make at most ${percent} % of ${formatCount(cores, 'processor')} busy by themselves: scale_up_${workers} (${threshold} %) acts only if other programs add to that`,
        remedy: `to let the service grow by its own load, set scale_up_${workers} below ${percent}`,
      },
    ];
  });
}
