import * as z from 'zod/mini';
import { text } from './schema-parts.ts';
import { example, workers } from './values.ts';

const cron = (description: string) =>
  text(description, 'a cron pattern, such as "30 8 * * MON-FRI"', /^\S+(\s+\S+){4}$/);

/** A window of time with limits of its own, as it may be written. */
export const scheduleSchema = z.strictObject(
  {
    name: z.optional(text('Its name in messages.', 'a name', /^[^\0-\x1f]+$/)),
    start: cron('When it begins: a cron pattern of minute, hour, day, month, weekday.'),
    end: cron('When it ends.'),
    timezone: z.optional(
      text(
        'The time zone of start and end. Default: that of the host.',
        'a time zone, such as "Europe/Madrid"',
        /^[A-Za-z0-9_+/-]+$/,
      ),
    ),
    min_workers: z.optional(
      workers('The fewest workers during this window. Default: that of the project.'),
    ),
    max_workers: z.optional(
      workers('The most workers during this window. Default: that of the project.'),
    ),
  },
  { error: 'a window in braces, such as { "start": "0 8 * * *", "end": "0 18 * * *" }' },
);

/** The key of a project with its windows. */
export const SCHEDULE_KEYS = {
  schedules: z.optional(
    z.array(scheduleSchema, { error: 'a list of windows' }).check(
      z.describe(
        'Time windows with their own min_workers and max_workers; the first open one counts.',
      ),
      example([
        {
          name: 'office',
          start: '0 8 * * MON-FRI',
          end: '0 18 * * MON-FRI',
          timezone: 'Europe/Madrid',
          min_workers: 4,
        },
      ]),
    ),
  ),
};

/** A window as it is written. */
export type Schedule = z.output<typeof scheduleSchema>;
