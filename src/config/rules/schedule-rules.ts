import { Cron } from 'croner';
import type { Finding } from '../file/document.ts';
import { quote } from '../file/fault.ts';
import type { ProjectRule } from './project-rule.ts';

/** The rules about windows of time. */
export const SCHEDULE_RULES: ProjectRule[] = [
  {
    name: 'schedule',
    severity: 'error',
    reads: ['schedules', 'min_workers', 'max_workers'],
    check: (project) =>
      (project.schedules ?? []).flatMap((schedule, index) => {
        const findings: Finding[] = [];
        const path = (key: string) => ['schedules', index, key];
        for (const key of ['start', 'end'] as const) {
          const hint = describePattern(schedule[key]);
          if (hint === null) continue;
          const expected = 'a cron pattern: minute, hour, day, month, weekday';
          findings.push({ path: path(key), found: quote(schedule[key]), expected, hint });
        }
        if (schedule.timezone !== undefined && !isTimeZone(schedule.timezone)) {
          const expected = 'a known time zone, such as "Europe/Madrid"';
          const found = quote(schedule.timezone);
          findings.push({ path: path('timezone'), found, expected, hint: null });
        }
        const min = schedule.min_workers ?? project.min_workers;
        const max = schedule.max_workers ?? project.max_workers;
        if (min > max) {
          const key = schedule.min_workers === undefined ? 'max_workers' : 'min_workers';
          const expected = 'min_workers at most max_workers while it is open';
          findings.push({ path: path(key), found: `${min} and ${max}`, expected, hint: null });
        }
        return findings;
      }),
  },
];

function describePattern(pattern: string): string | null {
  try {
    return new Cron(pattern, { paused: true }).nextRun() === null ? 'it never occurs' : null;
  } catch (error) {
    return (error as Error).message;
  }
}

function isTimeZone(timeZone: string): boolean {
  try {
    Intl.DateTimeFormat('en', { timeZone });
    return true;
  } catch {
    return false;
  }
}
