import * as z from 'zod/mini';
import { duration, thresholds } from './threshold-values.ts';
import { flag, number } from './values.ts';

const pressure = (what: string) =>
  thresholds(
    `By pressure: percent of the time in which some of its processes ${what}. "scale_up_N" above which to go up to N, "scale_down_N" below which to go down to N.`,
    'percent, a number from 0 to 100',
    100,
  );

/** The keys of a project about what its service itself uses, and waits for. */
export const RESOURCE_KEYS = {
  max_memory_pressure: z._default(
    number('percent, a number from 0 to 100', 0, 100).check(
      z.describe(
        'With memory_threshold_mb: while something on the host waits for memory for more than this percentage of the time, nothing is added.',
      ),
    ),
    10,
  ),
  memory_scale_down: z._default(
    flag(
      'true: where less than memory_threshold_mb is available, workers are taken away at once, down to min_workers, before the kernel ends processes.',
    ),
    false,
  ),
  min_own_cpu_share: z.optional(
    number('percent, a number from 0 to 100', 0, 100).check(
      z.describe(
        'For cpu_thresholds: percent of the busy CPU of the host that the service itself must have used while the threshold held; below it, it is not raised. Default: not asked for.',
      ),
    ),
  ),
  service_cpu_thresholds: thresholds(
    'By CPU that the service itself uses, in percent of one processor for each worker, so that 100 means that all its workers compute: "scale_up_N" above which to go up to N, "scale_down_N" below which to go down to N.',
    'percent of one processor for each worker, a number from 0',
    Number.MAX_SAFE_INTEGER,
  ),
  service_cpu_duration_minutes: duration(
    'How long a threshold of the CPU of the service must hold, in minutes: one number, or one for each direction.',
  ),
  cpu_pressure_thresholds: pressure('waited for a processor'),
  memory_pressure_thresholds: pressure('waited for memory'),
  io_pressure_thresholds: pressure('waited for a disk'),
  pressure_of: z._default(
    z
      .enum(['service', 'host'], { error: 'one of "service", "host"' })
      .check(z.describe('Whose pressure the thresholds of pressure are about.')),
    'service',
  ),
  pressure_duration_minutes: duration(
    'How long a threshold of pressure must hold, in minutes: one number, or one for each direction.',
  ),
};
