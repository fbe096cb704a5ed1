import * as z from 'zod/mini';

/** The most workers that a service may be given; a typo beyond it is found instead of applied. */
export const MOST_WORKERS = 9999;

/** The longest duration, in minutes (a week): the history is kept at least as long. */
export const LONGEST_MINUTES = 10_080;

/** A value as it may be written, for editors and `docs/config.md`. */
export const example = (value: unknown) => z.meta<unknown>({ examples: [value] });

/** true or false. */
export const flag = (description: string) =>
  z.boolean({ error: 'true or false' }).check(z.describe(description));

/** A number from `least` to `most`. */
export const number = (expected: string, least: number, most: number) =>
  z
    .number({ error: expected })
    .check(z.gte(least, { error: expected }), z.lte(most, { error: expected }));

/** A number of workers. */
export const workers = (description: string) => {
  const expected = `a whole number from 1 to ${MOST_WORKERS}`;
  return number(expected, 1, MOST_WORKERS).check(
    z.multipleOf(1, { error: expected }),
    z.describe(description),
  );
};

/** A duration in minutes; fractions are allowed. */
export const minutes = (description: string) =>
  number(`minutes, a number from 0 to ${LONGEST_MINUTES}`, 0, LONGEST_MINUTES).check(
    z.describe(description),
  );
