import * as z from 'zod/mini';
import { example, flag, minutes, number, workers } from './values.ts';

const cooldown = () => {
  const expected =
    'minutes (a number from 0; fractions are allowed) or { "scale_up": 2, "scale_down": 30 }';
  return z.union(
    [
      minutes('Minutes, for both directions.'),
      z.strictObject(
        {
          scale_up: z._default(minutes('Minutes before the next change upward.'), 0),
          scale_down: z._default(minutes('Minutes before the next change downward.'), 0),
        },
        { error: expected },
      ),
    ],
    { error: expected },
  );
};

const maxStep = () => {
  const expected = 'a whole number of workers from 1, or { "scale_up": 2, "scale_down": 1 }';
  return z.union(
    [
      workers('Workers, for both directions.'),
      z.strictObject(
        {
          scale_up: z.optional(workers('The most workers that are added at once.')),
          scale_down: z.optional(workers('The most workers that are removed at once.')),
        },
        { error: expected },
      ),
    ],
    { error: expected },
  );
};

/** The keys of a project that say how fast and how often it may be changed. All are off by default. */
export const BRAKE_KEYS = {
  warmup_seconds: z._default(
    number('seconds, a number from 0 to 86400', 0, 86_400).check(
      z.describe(
        'Samples within this time after the start of the service do not count as evidence, because starting costs CPU.',
      ),
      example(30),
    ),
    0,
  ),
  cooldown_minutes: z._default(
    cooldown().check(
      z.describe(
        'How long the next change waits after a change in either direction, in minutes: one number, or one for each direction.',
      ),
      example({ scale_up: 0, scale_down: 30 }),
    ),
    0,
  ),
  max_step: z.optional(
    maxStep().check(
      z.describe(
        'The most workers that one change adds or removes: one number, or one for each direction. Default: no limit.',
      ),
      example({ scale_up: 2, scale_down: 1 }),
    ),
  ),
  adaptive_scale_down: z._default(
    flag(
      'true: after a lowering that had to be reversed within its own duration, the next one waits twice as long, up to 8 times as long; a day without another reversal resets it.',
    ),
    false,
  ),
};
