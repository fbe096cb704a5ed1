import type { Kind, Policy } from '../decide/types.ts';
import type { Finding } from './types.ts';

/** What is known of a service besides its policy. */
export interface Reach {
  policy: Policy;
  kind: Kind | null;
  /** processors of the host */
  cores: number;
}

/** Thresholds that can never act, or that lead one way only. */
export function checkReach({ policy, kind, cores }: Reach): Finding[] {
  return [...checkOneWay(policy), ...checkCpuReach(policy, kind, cores)];
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

/**
 * A process of Python keeps about one processor busy, so N of them make at most N / cores of the host's CPU: a
 * threshold above that acts only where other programs add to it.
 */
function checkCpuReach(policy: Policy, kind: Kind | null, cores: number): Finding[] {
  const cpu = policy.metrics.find(({ metric }) => metric === 'cpu');
  if (cpu === undefined || kind === null) return [];
  return cpu.up.flatMap(({ workers, threshold }) => {
    const most = Math.min(workers - 1, policy.maxWorkers);
    const percent = Math.round((Math.min(most, cores) / cores) * 100);
    if (most < policy.minWorkers || percent > threshold) return [];
    return [
      {
        code: 'cpu_out_of_reach',
        severity: 'info',
        project: policy.project,
        evidence: `fewer than ${workers} workers make at most ${percent} % of ${cores} processors busy by themselves: scale_up_${workers} (${threshold} %) acts only where other programs add to that`,
        remedy: `if the service is to grow by its own load, set scale_up_${workers} below ${percent}`,
      },
    ];
  });
}
