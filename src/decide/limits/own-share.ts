import type { Position, MetricView } from '../evidence/crossings.ts';
import type { EvidenceRun } from '../evidence/evidence.ts';
import { takeStreak } from '../evidence/held.ts';
import { NOT_SAMPLED } from '../../metrics/missing.ts';
import type { MeasureError } from '../../model/measure-error.ts';
import type { Policy, Sample } from '../../model/types.ts';

/**
 * The view of the host's CPU, its crossing upward taken away where the service itself had too small a share in
 * what the host was busy with during that streak: more workers would not help it. An unknown share is too small.
 */
export function applyOwnShare(
  view: MetricView,
  run: EvidenceRun,
  { project, service, minOwnCpuShare: needed }: Policy,
  { current }: Position,
): MetricView {
  const { up } = view;
  if (needed === null || needed === undefined || view.policy.metric !== 'cpu') return view;
  if (up === null || !up.reached || up.workers <= current) return view;
  const { value, threshold, heldMs, neededMs, workers } = up;
  const streak = takeStreak(run, (v) => v > threshold, neededMs);
  const share = averageShare(streak, service);
  const isKnown = typeof share === 'number';
  if (isKnown && share >= needed) return view;
  const numbers = { value, threshold, heldMs, workers, needed };
  const shown = isKnown ? { share, error: null } : { share: null, error: share.error };
  return { ...view, up: null, blocked: { code: 'own_cpu_share', project, ...numbers, ...shown } };
}

/** Percent of the busy CPU of the host over a streak that the service's cgroup has used. */
export function averageShare(
  streak: readonly { sample: Sample; addsMs: number }[],
  service: string,
): number | { error: MeasureError } {
  let own = 0;
  let busy = 0;
  for (const { sample, addsMs } of streak) {
    const found = sample.services[service];
    const { cpu_percent: percent, cpus } = sample.host;
    if (typeof found?.cpu_cores !== 'number' || percent === null || cpus === undefined) {
      return { error: found?.errors?.['cpu_cores'] ?? NOT_SAMPLED };
    }
    // with a duration of 0 a streak may cover no time at all
    const weight = Math.max(addsMs, 1);
    own += found.cpu_cores * weight;
    busy += (percent / 100) * cpus * weight;
  }
  // two clocks that tick differently may make it a little more than all
  return busy === 0 ? 0 : Math.min(100, (own / busy) * 100);
}
