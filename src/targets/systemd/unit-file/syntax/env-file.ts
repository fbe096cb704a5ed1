import { MOST_LINES, TooMuch } from '../../../../kinds/command/budget.ts';
import {
  CharsBuilder,
  OPAQUE,
  charFor,
  charsOf,
  slice,
  spanAt,
} from '../../../../kinds/command/chars.ts';
import type { Chars } from '../../../../kinds/command/chars.ts';
import type { SourceFile } from '../../../../kinds/command/source.ts';

/** `NAME=value` of an environment file; `start` to `end` is where it stands. */
export interface EnvAssignment {
  name: string;
  value: Chars;
  start: number;
  end: number;
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const LINE_END = /[\n\r]/;
/** Characters that stand for themselves: in each of the two quotes, and outside. */
const PLAIN = { "'": /[^']+/y, '"': /[^"\\]+/y, none: /[^\n\r\\ \t]+/y };
const BLANKS = /[ \t]+/y;

/**
 * The variables of an `EnvironmentFile=`, by the rules of systemd.exec(5), which are not the shell's:
 * comments begin with `#` or `;`, a quote counts at the start of a value only, a backslash before a
 * line end joins the lines. Lines that are no assignment are passed over. Linear. Throws `TooMuch`.
 */
export function parseEnvFile(file: SourceFile): EnvAssignment[] {
  const { text } = file;
  const found: EnvAssignment[] = [];
  let doubtfulLine = false;
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  while (at < text.length) {
    const char = text.charAt(at);
    if (/[ \t\n\r]/.test(char)) {
      at++;
      continue;
    }
    const start = at;
    const lineEnd = endOfLine(text, at);
    if (char === '#' || char === ';') {
      // Until systemd 253 a backslash continued a comment, since 254 it does not.
      doubtfulLine = text.charAt(lineEnd - 1) === '\\';
      at = lineEnd + 1;
      continue;
    }
    const sign = text.slice(at, lineEnd).indexOf('=');
    if (sign < 0) {
      at = lineEnd;
      continue;
    }
    const equals = at + sign;
    if (found.length === MOST_LINES) throw new TooMuch();
    const { value, next } = readValue(file, equals + 1);
    const name = text.slice(at, equals).trim();
    const place = spanAt(charsOf(file, equals, equals + 1), 0);
    if (NAME.test(name))
      found.push({
        name,
        value: doubtfulLine ? charFor(OPAQUE, place, place, true) : value,
        start,
        end: next,
      });
    doubtfulLine = false;
    at = next;
  }
  return found;
}

function endOfLine(text: string, from: number): number {
  const end = /[\n\r]/g;
  end.lastIndex = from;
  return end.exec(text)?.index ?? text.length;
}

/** The value that begins at `from`; `next` is the end of its last line. */
function readValue(file: SourceFile, from: number): { value: Chars; next: number } {
  const { text } = file;
  const out = new CharsBuilder();
  let state: 'before' | 'plain' | "'" | '"' = 'before';
  let kept = 0;
  let at = from;
  const take = (pattern: RegExp): void => {
    pattern.lastIndex = at;
    const end = at + (pattern.exec(text)?.[0].length ?? 1);
    out.add(charsOf(file, at, end));
    at = end - 1;
  };
  for (; at < text.length; at++) {
    const char = text.charAt(at);
    const following = text.charAt(at + 1);
    if (state === "'" || state === '"') {
      if (char === state) state = 'before';
      else if (char === '\\' && state === '"') {
        if (following && '"\\`$'.includes(following)) out.add(escaped(file, at));
        else if (!LINE_END.test(following)) out.add(charsOf(file, at, at + 2));
        at++;
      } else take(PLAIN[state]);
      kept = out.text.length;
    } else if (LINE_END.test(char)) break;
    else if (state === 'before' && (char === '"' || char === "'")) state = char;
    else if (char === '\\') {
      if (following && !LINE_END.test(following)) out.add(escaped(file, at));
      at++;
      state = 'plain';
      kept = out.text.length;
    } else if (!/[ \t]/.test(char)) {
      take(PLAIN.none);
      state = 'plain';
      kept = out.text.length;
    } else if (state === 'plain') take(BLANKS);
  }
  return { value: slice(out, 0, kept), next: Math.min(at, text.length) };
}

function escaped(file: SourceFile, at: number): Chars {
  const both = charsOf(file, at, at + 2);
  return charFor(both.text.charAt(1), spanAt(both, 0), spanAt(both, 1), false);
}
