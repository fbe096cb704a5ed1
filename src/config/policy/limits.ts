import { formatCount } from '../../model/wording.ts';
import type { Policy } from '../../model/types.ts';
import type { Schedule } from '../schema/schedule-keys.ts';
import type { Project } from '../schema/schema.ts';

/** How many workers a project may have. */
export interface Limits {
  minWorkers: number;
  maxWorkers: number;
  /** the window of time that they are from; null: none, they are the project's own */
  schedule: string | null;
}

/** The project's own limits, then those of each of its windows. */
export function listLimits(project: Project): Limits[] {
  const windows = (project.schedules ?? []).map((schedule) => windowLimits(schedule, project));
  return [ownLimits(project), ...windows];
}

/** The limits while a window is open: what it leaves out is the project's own. */
export function windowLimits(schedule: Schedule, project: Project): Limits {
  return {
    minWorkers: schedule.min_workers ?? project.min_workers,
    maxWorkers: schedule.max_workers ?? project.max_workers,
    schedule: schedule.name ?? `${schedule.start} to ${schedule.end}`,
  };
}

/** A policy with other limits than its own. */
export function withLimits(policy: Policy, { minWorkers, maxWorkers, schedule }: Limits): Policy {
  return { ...policy, minWorkers, maxWorkers, ...(schedule !== null && { schedule }) };
}

/** `3 to 4 workers (schedule "office")` */
export function tellLimits({ minWorkers, maxWorkers, schedule }: Limits): string {
  const from = schedule === null ? '' : ` (schedule "${schedule}")`;
  return `${minWorkers} to ${formatCount(maxWorkers, 'worker')}${from}`;
}

export function ownLimits({ min_workers: minWorkers, max_workers: maxWorkers }: Project): Limits {
  return { minWorkers, maxWorkers, schedule: null };
}
