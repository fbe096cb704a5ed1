import {
  CharsBuilder,
  OPAQUE,
  charFor,
  slice,
  spanAt,
  wordAt,
} from '../../../../kinds/command/chars.ts';
import type { Chars, Word } from '../../../../kinds/command/chars.ts';

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
 * How systemd takes what is not in order. `command`: an unknown escape stays as it is. `setting`: it is an
 * error. `value` (of a `$VAR` that is a word): a backslash merely vanishes and the end closes a quote.
 */
export type WordStyle = 'command' | 'setting' | 'value';

/**
 * The word at `from` and where the next one begins; null: no word is left. Throws `Malformed`, as where a
 * quote is not closed. systemd.service(5), "Command lines": quotes may stand anywhere in a word and
 * vanish; backslash escapes work within and without them.
 */
export function nextWord(
  chars: Chars,
  from: number,
  style: WordStyle,
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
      if (style === 'value') {
        if (at + 1 < text.length) content.take(chars, ++at);
        continue;
      }
      at += addEscape(content, chars, at, style) - 1;
    } else if (char === quote) quote = '';
    else if (!quote && (char === '"' || char === "'")) quote = char;
    else if (!quote && BLANK.test(char)) break;
    else {
      const end = plainEnd(text, at, quote);
      content.take(chars, at, end);
      at = end - 1;
    }
  }
  if (quote && style !== 'value') throw new Malformed(`the quote ${quote} is not closed`);
  return { word: wordAt(content, chars, start, at), next: skipBlanks(text, at) };
}

/** Where the characters end that stand for themselves; there is at least one at `at`. */
function plainEnd(text: string, at: number, quote: string): number {
  const special = quote ? /["'\\]/g : /[\s"'\\]/g;
  special.lastIndex = at + 1;
  return special.exec(text)?.index ?? text.length;
}

/** What systemd does not accept: it ignores the rest of the line. */
export class Malformed extends Error {}

/** The words of a text, one after the other; throws `Malformed` when it comes upon it. */
export function* eachWord(chars: Chars, style: WordStyle): Generator<Word> {
  for (let found = nextWord(chars, 0, style); found; found = nextWord(chars, found.next, style))
    yield found.word;
}

/** The position of the first character at or after `at` that is no blank. */
export function skipBlanks(text: string, at: number): number {
  while (at < text.length && BLANK.test(text.charAt(at))) at++;
  return at;
}

/** Adds what the escape at `at` yields; how many characters it takes up. An unknown one stays as it is. */
function addEscape(content: CharsBuilder, chars: Chars, at: number, style: WordStyle): number {
  const rest = chars.text.slice(at + 1, at + 10);
  const simple = SIMPLE[rest.charAt(0)];
  const code = CODE.exec(rest);
  const length = simple === undefined ? 1 + (code?.[0].length ?? 0) : 2;
  const yields = simple ?? (code ? codePoint(code) : null);
  if (yields === null && style === 'setting')
    throw new Malformed(`\\${rest.charAt(0)} is no escape`);
  if (yields === null) {
    // The character behind it belongs to the word too, even a blank.
    content.add(slice(chars, at, at + 2));
    return Math.min(2, chars.text.length - at);
  }
  const last = spanAt(chars, at + length - 1);
  content.add(charFor(yields, spanAt(chars, at), last, yields === OPAQUE));
  return length;
}

/** A byte above 0x7f is part of a character that more escapes complete: not worth knowing, hence opaque. */
function codePoint([, hex, short, long, octal]: RegExpExecArray): string {
  const byte = hex ? parseInt(hex, 16) : octal ? parseInt(octal, 8) : null;
  if (byte !== null) return byte > 0x7f ? OPAQUE : String.fromCharCode(byte);
  const code = parseInt(short ?? long ?? '', 16);
  return code > 0x10ffff ? OPAQUE : String.fromCodePoint(code);
}
