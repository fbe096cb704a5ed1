import * as z from 'zod/mini';
import { example, flag, number } from './values.ts';

/** The keys of a project about what its service itself uses, and waits for. */
export const RESOURCE_KEYS = {
  max_memory_pressure: z._default(
    number('percent, a number from 0 to 100', 0, 100).check(
      z.describe(
        'With memory_threshold_mb: while some process on the host waits for memory for more than this percentage of the time, nothing is added.',
      ),
      example(20),
    ),
    10,
  ),
  memory_scale_down: z._default(
    flag(
      'true: while less than memory_threshold_mb is available, workers are removed at once, down to min_workers, before the kernel kills processes.',
    ),
    false,
  ),
  min_own_cpu_share: z.optional(
    number('percent, a number from 0 to 100', 0, 100).check(
      z.describe(
        'For cpu_thresholds: a project is raised only if its service used at least this percentage of the busy CPU of the host while the threshold held, so that nine idle projects are not raised because a tenth is busy. Default: not required.',
      ),
      example(10),
    ),
  ),
  pressure_of: z._default(
    z
      .enum(['service', 'host'], { error: 'one of "service", "host"' })
      .check(z.describe('Whose pressure the pressure thresholds compare.')),
    'service',
  ),
};
