import type { Chars, Span, Word } from './chars.ts';
import type { Kind } from '../decide/types.ts';
import type { Refusal } from './types.ts';

/** Why the number of a command cannot be had or changed; `at`: the place, where one can be shown. */
export interface Problem {
  code: Refusal['code'];
  message: string;
  hint: string;
  at: Span | null;
}

/** What a Gunicorn or Celery worker command says of its number. */
export interface Reading {
  kind: Kind;
  /** the characters that are the number in force, and the option or variable that they belong to */
  count: { chars: Chars; flag: string } | null;
  /** in force where the number is set nowhere */
  fallback: number;
  pool: string | null;
  embeddedBeat: boolean;
  problem: Problem | null;
  /** an option added behind this word overrides all others */
  insertAfter: Word;
  /** what is added there to have N */
  option: (workers: number) => string;
  /** the characters of the number also stand for something else in the command */
  usedElsewhere: boolean;
}

/** The digits of a number, blanks at the ends left out; null: it is none that could be replaced. */
export function digitsOf(chars: Chars): Chars | null {
  const match = /^\s*(\d{1,9})\s*$/.exec(chars.text);
  if (!match?.[1]) return null;
  const from = chars.text.indexOf(match[1]);
  const spans = chars.spans.slice(from, from + match[1].length);
  const isOnePiece = spans.every(
    (span, index) =>
      !span.fixed &&
      (index === 0 ||
        (spans[index - 1]?.file === span.file && spans[index - 1]?.end === span.start)),
  );
  return isOnePiece ? { text: match[1], spans } : null;
}

/** How many words of a command have the first character of `chars` in them. */
export function countUses(argv: Word[], chars: Chars): number {
  const [first] = chars.spans;
  if (!first) return 0;
  const has = (span: Span): boolean => span.file === first.file && span.start === first.start;
  return argv.filter((word) => word.spans.some(has)).length;
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
