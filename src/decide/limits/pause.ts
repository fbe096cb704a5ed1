import type { ControlEnd, Pause, Pin } from '../../model/control-types.ts';
import { isLater } from './controls.ts';
import type { MetricView, Position } from '../evidence/crossings.ts';
import type { Limited } from './limits.ts';
import type { Reason } from '../../model/types.ts';
import { combineViews, type Wish } from '../wish.ts';

/** Why nothing at all is done, not even to keep min and max; null: not both directions are paused. */
export function reportFullPause(
  pause: Pause | undefined,
): Extract<Reason, { code: 'paused' }> | null {
  if (pause === undefined || pause.up === null || pause.down === null) return null;
  const end = isLater(pause.up, pause.down) ? pause.down : pause.up;
  return { code: 'paused', direction: 'both', ...end };
}

/** The wished count, or the present one where changes in this direction are paused, also those that min and max ask for. */
export function applyPause(
  workers: number,
  { current }: Position,
  pause: Pause | undefined,
): Limited {
  const direction = workers > current ? 'up' : 'down';
  const end: ControlEnd | null = pause?.[direction] ?? null;
  if (workers === current || end === null) return { workers, reasons: [] };
  return { workers: current, reasons: [{ code: 'paused', direction, ...end }] };
}

/**
 * A pin in place of what the metrics ask for: exactly its count, at once and without a duration. What they say
 * is reported all the same.
 */
export function pinWish(pin: Pin, views: readonly MetricView[], at: Position): Wish {
  const { workers } = pin;
  const { current } = at;
  return {
    direction: workers > current ? 'up' : workers < current ? 'down' : 'none',
    workers: workers === current ? null : workers,
    hold: null,
    // before all that metrics ask for
    excess: workers > current ? Infinity : 0,
    reasons: [...combineViews(views, at).reasons, { code: 'pinned', ...pin }],
  };
}
