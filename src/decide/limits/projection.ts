import type { MetricView, Position } from '../evidence/crossings.ts';
import type { Limited } from './limits.ts';
import { metricOf } from '../../metrics/registry.ts';
import type { Reason } from '../../model/types.ts';

/**
 * Projection before lowering: what is shared out among the workers weighs more on fewer of them. Where a value,
 * projected onto the lower count, would satisfy a threshold to more than that, nothing is lowered but to what
 * max_workers promises.
 */
export function applyProjection(
  wanted: number,
  views: readonly MetricView[],
  { current, maxWorkers }: Position,
): Limited {
  const kept = { workers: wanted, reasons: [] };
  if (wanted >= current || wanted === 0) return kept;
  const reasons = views.flatMap((view) => reportProjected(view, current, wanted));
  if (reasons.length === 0) return kept;
  return { workers: Math.max(wanted, Math.min(current, maxWorkers)), reasons };
}

function reportProjected({ policy, value }: MetricView, workers: number, to: number): Reason[] {
  const { metric, up } = policy;
  if (value === null || !metricOf(metric).isShared) return [];
  const projected = (value * workers) / to;
  const satisfied = up.filter((step) => step.workers > to && projected > step.threshold);
  if (satisfied.length === 0) return [];
  const threshold = Math.max(...satisfied.map((step) => step.threshold));
  return [{ code: 'projected', metric, value, workers, projected, to, threshold }];
}
