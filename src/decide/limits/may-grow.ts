import { metricOf } from '../../metrics/registry.ts';
import type { Policy, Sample } from '../../model/types.ts';

/**
 * Whether a service may be given more workers by this sample: it has fewer than it is promised or pinned to, or is
 * above a threshold to more. Only then it matters what its workers hold; a threshold that has held for long
 * enough is one that is passed in the last sample too.
 */
export function mayGrow(policy: Policy, sample: Pick<Sample, 'host' | 'services'>): boolean {
  const current = sample.services[policy.service]?.workers ?? null;
  if (current === null) return false;
  return (
    current < policy.minWorkers ||
    (policy.pin?.workers ?? 0) > current ||
    policy.metrics.some(({ metric, up }) => {
      const value = metricOf(metric).read(sample, policy.service);
      return value !== null && up.some((step) => step.workers > current && value > step.threshold);
    })
  );
}
