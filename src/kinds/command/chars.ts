import { MOST_RUNS, TooMuch } from './budget.ts';
import type { SourceFile } from './source.ts';

/**
 * Where a character comes from: `file.text[start, end)` produced it. An escape or `$$` is longer than
 * what it yields. `fixed`: nothing stands there that could be replaced (a specifier, an unknown value).
 */
export interface Span {
  file: SourceFile;
  start: number;
  end: number;
  fixed: boolean;
}

/** Characters of one origin: as many as their place is long stand there one by one, else all for all of it. */
export interface Run extends Span {
  /** position of the first one in the text */
  at: number;
  length: number;
}

/** A text of which every UTF-16 unit carries its origin; the runs, in order, cover all of it. */
export interface Chars {
  text: string;
  runs: Run[];
}

/** No text at all. */
export const NOTHING: Chars = { text: '', runs: [] };

/**
 * A word of a command. `first` and `last` are the outermost characters that it takes up where it is
 * written, quotes and `$` included; its own characters may come from elsewhere.
 */
export interface Word extends Chars {
  first: Span;
  last: Span;
}

/** What stands for a value that cannot be known here. systemd ends a line at NUL, so that no file yields one. */
export const OPAQUE = '\0';

/** `file.text[start, end)` as it stands. */
export function charsOf(file: SourceFile, start: number, end: number): Chars {
  const text = file.text.slice(start, end);
  if (text === '') return NOTHING;
  return { text, runs: [makeRun(0, text.length, file, start, start + text.length, false)] };
}

/** A text that takes the place of everything from `first` to `last`. */
export function charFor(text: string, first: Span, last: Span, fixed: boolean): Chars {
  if (text === '') return NOTHING;
  return { text, runs: [makeRun(0, text.length, first.file, first.start, last.end, fixed)] };
}

/** There are hundreds of thousands: all of one shape, and none copied member by member. */
function makeRun(
  at: number,
  length: number,
  file: SourceFile,
  start: number,
  end: number,
  fixed: boolean,
): Run {
  return { at, length, file, start, end, fixed };
}

/** Part of a text; as with `String.slice`, but for negative positions. */
export function slice(chars: Chars, from: number, to = chars.text.length): Chars {
  if (from === 0 && to >= chars.text.length) return { text: chars.text, runs: chars.runs };
  const part = new CharsBuilder();
  part.take(chars, from, to);
  return { text: part.text, runs: part.runs };
}

/** Without blanks at either end (systemd's: space, tab and line ends). */
export function trim(chars: Chars): Chars {
  const from = chars.text.search(/[^ \t\r\n]/);
  if (from < 0) return NOTHING;
  let to = chars.text.length;
  while (/[ \t\r\n]/.test(chars.text.charAt(to - 1))) to--;
  return slice(chars, from, to);
}

/** Collects characters; runs that continue one another become one. Adding throws `TooMuch`. */
export class CharsBuilder implements Chars {
  text = '';
  runs: Run[] = [];
  private last: Run | null = null;

  add(part: Chars): void {
    for (const { length, file, start, end, fixed, at } of part.runs)
      this.append(this.text.length + at, length, file, start, end, fixed);
    this.text += part.text;
  }

  /** `from.text[index, end)`, by default a single character. */
  take(from: Chars, index: number, end = index + 1): void {
    const { runs } = from;
    const text = from.text.slice(index, end);
    const shift = this.text.length - index;
    const to = index + text.length;
    for (let at = runIndex(from, index); text !== '' && at < runs.length; at++) {
      const run = runs[at];
      if (run === undefined || run.at >= to) break;
      const first = Math.max(index, run.at);
      const length = Math.min(to, run.at + run.length) - first;
      const isOne = isOneByOne(run);
      const start = isOne ? run.start + first - run.at : run.start;
      this.append(
        first + shift,
        length,
        run.file,
        start,
        isOne ? start + length : run.end,
        run.fixed,
      );
    }
    this.text += text;
  }

  private append(
    at: number,
    length: number,
    file: SourceFile,
    start: number,
    end: number,
    fixed: boolean,
  ): void {
    const { last } = this;
    if (
      last !== null &&
      last.end === start &&
      last.file === file &&
      last.fixed === fixed &&
      end - start === length &&
      isOneByOne(last)
    ) {
      last.length += length;
      last.end = end;
      return;
    }
    this.last = makeRun(at, length, file, start, end, fixed);
    this.runs.push(this.last);
    if (this.runs.length > MOST_RUNS) throw new TooMuch();
  }
}

/** The origin of a character that is known to be there. */
export function spanAt(chars: Chars, index: number): Span {
  const run = chars.runs[runIndex(chars, index)];
  if (!run || index >= chars.text.length) throw new RangeError(`no character ${index}`);
  const { file, fixed } = run;
  if (!isOneByOne(run)) return { file, start: run.start, end: run.end, fixed };
  const start = run.start + index - run.at;
  return { file, start, end: start + 1, fixed };
}

/** The unbroken piece of a file that a text stands for, so that it can be replaced; null: there is none. */
export function placeOf({ runs }: Chars): Span | null {
  const [first] = runs;
  const last = runs.at(-1);
  if (!first || !last) return null;
  const isUnbroken = runs.every((run, index) => {
    const before = runs[index - 1];
    return !run.fixed && (!before || continues(before, run));
  });
  return isUnbroken ? { file: first.file, start: first.start, end: last.end, fixed: false } : null;
}

function isOneByOne(run: Run): boolean {
  return run.end - run.start === run.length;
}

function continues(before: Span, after: Span): boolean {
  return before.file === after.file && before.end === after.start && before.fixed === after.fixed;
}

/** The run that holds the character at `index`. */
function runIndex({ runs }: Chars, index: number): number {
  let low = 0;
  let high = runs.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((runs[middle]?.at ?? 0) <= index) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** A word made of `content`, written where `source[from, to)` stands (at least one character). */
export function wordAt(content: Chars, source: Chars, from: number, to: number): Word {
  return {
    text: content.text,
    runs: content.runs,
    first: spanAt(source, from),
    last: spanAt(source, to - 1),
  };
}

/** `path:line` of a position, lines counted from 1. */
export function whereIs(span: Span): string {
  const before = span.file.text.slice(0, span.start);
  return `${span.file.path}:${(before.match(/\r\n|\n\r|[\n\r]/g)?.length ?? 0) + 1}`;
}
