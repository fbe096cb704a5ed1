import * as z from 'zod/mini';
import { example as exampleOf } from './values.ts';

/** A text of the form `pattern`. */
export const text = (description: string, expected: string, pattern: RegExp) =>
  z
    .string({ error: expected })
    .check(z.regex(pattern, { error: expected }), z.describe(description));

/** One of some words. */
export const choice = <const T extends readonly string[]>(description: string, values: T) =>
  z
    .enum(values, { error: `one of ${values.map((value) => `"${value}"`).join(', ')}` })
    .check(z.describe(description));

/** A path from the root on. */
export const absolutePath = (description: string, example: string) =>
  text(description, `an absolute path, such as "${example}"`, /^\/[^\0\n]*$/).check(
    exampleOf(example),
  );

/** Accepted because older configs have it; nothing reads it, so any value is accepted. */
export const legacy = (description: string) =>
  z.optional(z.unknown().check(z.describe(description)));
