import { Cron } from 'croner';
import type { Policy } from '../../model/types.ts';
import { windowLimits, withLimits, type Limits } from './limits.ts';
import { toPolicies } from './policies.ts';
import type { Schedule } from '../schema/schedule-keys.ts';
import type { Config } from '../schema/schema.ts';

/** A window whose patterns are understood. */
interface Window {
  limits: Limits;
  isOpen: (now: Date) => boolean;
}

/**
 * The policies at any moment: those of the config, with the limits of the first of a project's windows that is
 * open then. Of nothing but the config and `now`.
 */
export function schedulePolicies(config: Config): (now: Date) => Policy[] {
  const windows = new Map(
    Object.entries(config.projects).map(([name, project]) => [
      name,
      (project.schedules ?? []).map((schedule) => ({
        limits: windowLimits(schedule, project),
        isOpen: openWindow(schedule),
      })),
    ]),
  );
  const policies = toPolicies(config);
  return (now) => policies.map((policy) => within(policy, windows.get(policy.project) ?? [], now));
}

function within(policy: Policy, windows: readonly Window[], now: Date): Policy {
  const open = windows.find(({ isOpen }) => isOpen(now));
  return open === undefined ? policy : withLimits(policy, open.limits);
}

/**
 * Whether a window is open: its end comes before its next start. A time that a change of the clock leaves out is
 * taken at the first moment after it, one that comes twice at the first time. What was found holds until the nearer
 * of the two, so that a long history is gone through quickly.
 */
export function openWindow({ start, end, timezone }: Schedule): (now: Date) => boolean {
  const options = {
    timezone: timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
    paused: true,
  };
  const starts = new Cron(start, options);
  const ends = new Cron(end, options);
  let known = { from: NaN, until: NaN, open: false };
  return (now) => {
    const at = now.getTime();
    if (Number.isNaN(at)) return false;
    if (at >= known.from && at < known.until) return known.open;
    const nextStart = starts.nextRun(now)?.getTime() ?? Infinity;
    const nextEnd = ends.nextRun(now)?.getTime() ?? Infinity;
    known = { from: at, until: Math.min(nextStart, nextEnd), open: nextEnd < nextStart };
    return known.open;
  };
}
