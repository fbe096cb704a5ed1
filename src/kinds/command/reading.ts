import { placeOf, slice, trim } from './chars.ts';
import type { Chars, Span, Word } from './chars.ts';
import type { KindName } from '../../model/types.ts';
import type { Concurrency } from '../shared/concurrency.ts';
import type { Refusal } from './source.ts';

/** Why the number of a command cannot be had or changed; `at`: the place, where one can be shown. */
export interface Problem {
  code: Refusal['code'];
  message: string;
  hint: string;
  at: Span | null;
}

/** What a worker command says of its number. */
export interface Reading {
  kind: KindName;
  /** the characters that are the number in force, and the option or variable that they belong to */
  count: { chars: Chars; flag: string } | null;
  /** in force where the number is set nowhere, or elsewhere; null: it is only known while the service runs */
  fallback: number | null;
  /** what the number 0 means */
  zero: number;
  /** where the number is set nowhere, what cannot be seen may set it all the same */
  isAssumed: boolean;
  /** what sets the number where no file of the unit does, so that it can only be overruled, for people; null: nothing */
  elsewhere: string | null;
  /** what is set in the environment of the command to have N, where the command itself has no number; null: nothing can be */
  variable: ((workers: number) => string) | null;
  pool: string | null;
  embeddedBeat: boolean;
  problem: Problem | null;
  /** an option added behind this word overrides all others */
  insertAfter: Word;
  /** what is added there to have N */
  option: (workers: number) => string;
  /** the characters of the number also stand for something else in the command */
  usedElsewhere: boolean;
  /** how each worker serves requests; Gunicorn only */
  concurrency?: () => Concurrency;
}

/** A number that is written in one piece, and where. */
export interface WrittenNumber {
  value: number;
  place: Span;
}

/** The number that a text is, blanks at the ends left out; null: it is none that could be replaced. */
export function numberIn(chars: Chars): WrittenNumber | null {
  const written = trim(chars);
  // Python's int() takes a sign, which stays where it is.
  const digits = slice(written, written.text.startsWith('+') ? 1 : 0);
  const place = placeOf(digits);
  return place && /^\d{1,9}$/.test(digits.text) ? { value: Number(digits.text), place } : null;
}

/** How many words of a command have the first character of `chars` in them. */
export function countUses(argv: Word[], chars: Chars): number {
  const [first] = chars.runs;
  if (!first) return 0;
  const has = ({ file, start, end }: Span): boolean =>
    file === first.file && start <= first.start && first.start < end;
  return argv.filter((word) => word.runs.some(has)).length;
}

/** The last word, behind which an option can be added. */
export function lastWord(argv: Word[]): Word {
  const last = argv.at(-1);
  if (!last) throw new RangeError('a command has at least its name');
  return last;
}

/** A problem at a word. */
export function problemAt(
  word: Word | undefined,
  code: Problem['code'],
  message: string,
  hint: string,
): Problem {
  return { code, message, hint, at: word?.first ?? null };
}
