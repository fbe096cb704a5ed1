import * as z from 'zod/mini';
import { STEP_KEY } from './step-key.ts';
import { example, minutes, number } from './values.ts';

/** Thresholds of one metric: `scale_up_N` and `scale_down_N`, from 0 to `most`. */
export const thresholds = (description: string, expected: string, most: number) =>
  z.optional(
    z
      .record(z.string().check(z.regex(STEP_KEY)), number(expected, 0, most), {
        error: 'thresholds in braces, such as { "scale_up_2": 60, "scale_down_1": 30 }',
      })
      .check(
        z.describe(description),
        example(
          most === 100
            ? { scale_up_3: 60, scale_up_4: 75, scale_down_2: 30 }
            : { scale_up_4: 20, scale_up_8: 50, scale_down_2: 5 },
        ),
      ),
  );

/** How long the thresholds of a metric must hold: minutes, for both directions or for each. */
export const duration = (description: string) => {
  const expected =
    'minutes (a number from 0; fractions are allowed) or { "scale_up": 2, "scale_down": 10 }';
  return z.prefault(
    z
      .union(
        [
          minutes('Minutes, for both directions.'),
          z.strictObject(
            {
              scale_up: z._default(minutes('Minutes above the threshold before going up.'), 2),
              scale_down: z._default(minutes('Minutes below the threshold before going down.'), 10),
            },
            { error: expected },
          ),
        ],
        { error: expected },
      )
      .check(z.describe(description), example(4)),
    { scale_up: 2, scale_down: 10 },
  );
};
