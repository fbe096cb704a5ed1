import type { MetricView, Position } from '../evidence/crossings.ts';
import { applyRunningTasks, type Limited } from './limits.ts';
import { applyProjection } from './projection.ts';
import type { Hold, ServiceSample } from '../../model/types.ts';

/** What stands in the way of a lowering that the thresholds ask for: tasks that run, and what fewer workers would have to bear. */
export function guardLowering(
  wanted: number,
  at: Position,
  views: readonly MetricView[],
  service: ServiceSample | undefined,
): Limited & { hold: Extract<Hold, 'tasks_running' | 'projection'> | null } {
  const running = applyRunningTasks(wanted, at, service);
  if (running.workers !== wanted) return { ...running, hold: 'tasks_running' };
  const projected = applyProjection(wanted, views, at);
  const reasons = [...running.reasons, ...projected.reasons];
  return {
    workers: projected.workers,
    reasons,
    hold: projected.workers === wanted ? null : 'projection',
  };
}
