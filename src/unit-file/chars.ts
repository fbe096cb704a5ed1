import type { SourceFile } from './types.ts';

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

/** A text of which every UTF-16 unit carries its origin: `spans[i]` is that of `text[i]`. */
export interface Chars {
  text: string;
  spans: Span[];
}

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
  const spans: Span[] = [];
  for (let at = start; at < end; at++) spans.push({ file, start: at, end: at + 1, fixed: false });
  return { text: file.text.slice(start, end), spans };
}

/** One character that takes the place of everything from `first` to `last`. */
export function charFor(text: string, first: Span, last: Span, fixed: boolean): Chars {
  const span = { file: first.file, start: first.start, end: last.end, fixed };
  return { text, spans: Array.from({ length: text.length }, () => span) };
}

/** Part of a text; as with `String.slice`, but for negative positions. */
export function slice(chars: Chars, from: number, to = chars.text.length): Chars {
  return { text: chars.text.slice(from, to), spans: chars.spans.slice(from, to) };
}

/** Without blanks at either end (systemd's: space, tab and line ends). */
export function trim(chars: Chars): Chars {
  const from = chars.text.search(/[^ \t\r\n]/);
  if (from < 0) return { text: '', spans: [] };
  let to = chars.text.length;
  while (/[ \t\r\n]/.test(chars.text.charAt(to - 1))) to--;
  return slice(chars, from, to);
}

/** Collects characters; `add` is linear in what is added. */
export class CharsBuilder implements Chars {
  text = '';
  spans: Span[] = [];

  add(part: Chars): void {
    this.text += part.text;
    for (const span of part.spans) this.spans.push(span);
  }

  /** The `index`th character of `from`, as it is. */
  take(from: Chars, index: number): void {
    this.text += from.text.charAt(index);
    this.spans.push(spanAt(from, index));
  }
}

/** The origin of a character that is known to be there. */
export function spanAt(chars: Chars, index: number): Span {
  const span = chars.spans[index];
  if (!span) throw new RangeError(`no character ${index} in "${chars.text}"`);
  return span;
}

/** A word made of `content`, written where `source[from, to)` stands (at least one character). */
export function wordAt(content: Chars, source: Chars, from: number, to: number): Word {
  return {
    text: content.text,
    spans: content.spans,
    first: spanAt(source, from),
    last: spanAt(source, to - 1),
  };
}

/** `path:line` of a position, lines counted from 1. */
export function whereIs(span: Span): string {
  const before = span.file.text.slice(0, span.start);
  return `${span.file.path}:${(before.match(/\r\n|\n\r|[\n\r]/g)?.length ?? 0) + 1}`;
}
