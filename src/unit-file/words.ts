import { CharsBuilder, OPAQUE, charFor, spanAt, wordAt } from './chars.ts';
import type { Chars, Word } from './chars.ts';

const BLANK = /[ \t\n\r]/;
const SIMPLE: Record<string, string> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  s: ' ',
  '\\': '\\',
  '"': '"',
  "'": "'",
};
const CODE = /^(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2}))/;

/**
 * The word at `from` and where the next one begins; null: no word is left. Throws `Unbalanced` where a
 * quote is not closed. systemd.service(5), "Command lines": quotes may stand anywhere in a word and
 * vanish; backslash escapes work within and without them.
 * @param loose as systemd splits the value of a `$VAR` that is a word: a backslash merely vanishes and
 *   the end of the text closes a quote
 */
export function nextWord(
  chars: Chars,
  from: number,
  loose = false,
): { word: Word; next: number } | null {
  const { text } = chars;
  let at = skipBlanks(text, from);
  if (at >= text.length) return null;
  const start = at;
  const content = new CharsBuilder();
  let quote = '';
  for (; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === '\\') {
      if (loose) {
        if (at + 1 < text.length) content.take(chars, ++at);
        continue;
      }
      at += addEscape(content, chars, at) - 1;
    } else if (quote) {
      if (char === quote) quote = '';
      else content.take(chars, at);
    } else if (char === '"' || char === "'") quote = char;
    else if (BLANK.test(char)) break;
    else content.take(chars, at);
  }
  if (quote && !loose) throw new Unbalanced(quote);
  return { word: wordAt(content, chars, start, at), next: skipBlanks(text, at) };
}

/** A quote that is never closed: systemd ignores such a line. */
export class Unbalanced extends Error {
  readonly quote: string;

  constructor(quote: string) {
    super(`the quote ${quote} is not closed`);
    this.quote = quote;
  }
}

/** The words of a text, one after the other; throws `Unbalanced` where it comes upon an open quote. */
export function* eachWord(chars: Chars, loose = false): Generator<Word> {
  for (let found = nextWord(chars, 0, loose); found; found = nextWord(chars, found.next, loose))
    yield found.word;
}

/** The position of the first character at or after `at` that is no blank. */
export function skipBlanks(text: string, at: number): number {
  while (at < text.length && BLANK.test(text.charAt(at))) at++;
  return at;
}

/** Adds what the escape at `at` yields; how many characters it takes up. An unknown one stays as it is. */
function addEscape(content: CharsBuilder, chars: Chars, at: number): number {
  const rest = chars.text.slice(at + 1, at + 10);
  const simple = SIMPLE[rest.charAt(0)];
  const code = CODE.exec(rest);
  const length = simple === undefined ? 1 + (code?.[0].length ?? 0) : 2;
  const yields = simple ?? (code ? codePoint(code) : null);
  if (yields === null) content.take(chars, at);
  else {
    const last = spanAt(chars, at + length - 1);
    content.add(charFor(yields, spanAt(chars, at), last, yields === OPAQUE));
  }
  return yields === null ? 1 : length;
}

/** A byte above 0x7f is part of a character that more escapes complete: not worth knowing, hence opaque. */
function codePoint([, hex, short, long, octal]: RegExpExecArray): string {
  const byte = hex ? parseInt(hex, 16) : octal ? parseInt(octal, 8) : null;
  if (byte !== null) return byte > 0x7f ? OPAQUE : String.fromCharCode(byte);
  const code = parseInt(short ?? long ?? '', 16);
  return code > 0x10ffff ? OPAQUE : String.fromCodePoint(code);
}
