import type { Clocks } from '../../model/clocks.ts';
import type {
  ControlEnd,
  Controls,
  Pause,
  Pin,
  StoredEnd,
  StoredPause,
  StoredPin,
} from '../../model/control-types.ts';
import type { Policy } from '../../model/types.ts';

/**
 * When a pause or pin ends; null: it is over. In the boot in which it began the boot clock counts, so that a wall
 * clock that is set changes nothing. After a reboot the wall clock does, but no boot lasts longer with it than the
 * whole duration: a clock that was set back cannot keep it for ever.
 */
export function findEnd(stored: StoredEnd, now: Clocks): ControlEnd | null {
  const { since, until, boot, uptime_s: beganS } = stored;
  if (until === null) return { until, remainingMs: null };
  const untilMs = Date.parse(until);
  const forMs = untilMs - Date.parse(since);
  const remainingMs =
    boot === now.boot
      ? forMs - (now.uptimeS - beganS) * 1000
      : Math.min(untilMs - now.ms, forMs - now.uptimeS * 1000);
  return remainingMs > 0 ? { until, remainingMs: Math.round(remainingMs) } : null;
}

/** The pauses and pins that are not over. */
export function findActive({ v, pauses, pins }: Controls, now: Clocks): Controls {
  const isActive = (stored: StoredEnd): boolean => findEnd(stored, now) !== null;
  return { v, pauses: pauses.filter(isActive), pins: pins.filter(isActive) };
}

/** The policies with the pauses and pins that are in force now. */
export function addControls(
  policies: readonly Policy[],
  controls: Controls,
  now: Clocks,
): Policy[] {
  return policies.map((policy) => {
    const pause = findPause(policy.project, controls.pauses, now);
    const pin = findPin(policy.project, controls.pins, now);
    return { ...policy, ...(pause === null ? {} : { pause }), ...(pin === null ? {} : { pin }) };
  });
}

/** What is paused for a project, by its own pauses and those of all; null: nothing. Of several the last to end counts. */
export function findPause(
  project: string,
  pauses: readonly StoredPause[],
  now: Clocks,
): Pause | null {
  const own = pauses.filter((pause) => pause.project === null || pause.project === project);
  const endOf = (direction: 'up' | 'down'): ControlEnd | null =>
    own
      .filter(({ only }) => only === null || only === direction)
      .map((pause) => findEnd(pause, now))
      .reduce(
        (last, end) => (end === null || (last !== null && isLater(last, end)) ? last : end),
        null,
      );
  const pause = { up: endOf('up'), down: endOf('down') };
  return pause.up === null && pause.down === null ? null : pause;
}

/** The count to which the service of a project is pinned; null: none. */
export function findPin(project: string, pins: readonly StoredPin[], now: Clocks): Pin | null {
  const pin = pins.find((each) => each.project === project);
  const end = pin === undefined ? null : findEnd(pin, now);
  return pin === undefined || end === null ? null : { workers: pin.workers, ...end };
}

/** Whether `a` ends later than `b`; what never ends by itself is the latest. */
export function isLater({ remainingMs: a }: ControlEnd, { remainingMs: b }: ControlEnd): boolean {
  return (a ?? Infinity) > (b ?? Infinity);
}
