import { OPAQUE, slice } from './chars.ts';
import type { Chars, Word } from './chars.ts';

/** A program's options: as written (`-w`, `--workers`) → the name that we know them by. */
export interface OptionTable {
  /** options that take a value */
  values: Readonly<Record<string, string>>;
  /** options that take none, or whose value can only be attached */
  flags: Readonly<Record<string, string>>;
}

/**
 * How a program reads its options. `argparse`: unique beginnings of long options, `-w=3`, a value never
 * looks like an option. `click`: exact names, the next word is the value whatever it is. `getopt`: as
 * click, but the first word that is no option ends them, and letters not in the table are flags.
 */
export type Style = 'argparse' | 'click' | 'getopt';

/** One use of an option. */
export interface Option {
  name: string;
  /** as it is written */
  flag: string;
  value: Chars | null;
  /** index of the word that it stands in */
  index: number;
}

/** A command line, read. */
export interface Parsed {
  options: Option[];
  positionals: Word[];
  /** index of the word where the options end: a `--`, with `getopt` also the first that is no option */
  end: number;
  /** index of the last word that may hide further options because its text is not known; -1: none */
  opaqueAt: number;
  /** a beginning of several options, which the program itself refuses */
  ambiguous: Chars | null;
}

/** Reads `words` (the program itself not among them). `stopAfter`: the option that ends all options. */
export function parseOptions(
  words: Word[],
  table: OptionTable,
  style: Style,
  stopAfter: string | null = null,
): Parsed {
  const parsed: Parsed = {
    options: [],
    positionals: [],
    end: words.length,
    opaqueAt: -1,
    ambiguous: null,
  };
  let at = 0;
  const add = (name: string, flag: string, value: Chars | null, index: number): void => {
    parsed.options.push({ name, flag, value, index });
  };
  const nextValue = (): Chars | null => {
    const next = words[at + 1];
    if (!next || (style === 'argparse' && looksLikeOption(next.text, table))) return null;
    at++;
    return next;
  };
  const readLong = (word: Word): void => {
    const index = at;
    const equals = word.text.indexOf('=');
    const written = equals < 0 ? word.text : word.text.slice(0, equals);
    const flag = style === 'click' ? written : complete(written, table);
    if (flag === null) {
      parsed.ambiguous = slice(word, 0, written.length);
      return;
    }
    const attached = equals < 0 ? null : slice(word, equals + 1);
    const name = table.values[flag];
    if (name === undefined) add(table.flags[flag] ?? flag, flag, attached, index);
    else add(name, flag, attached ?? nextValue(), index);
  };
  const readShort = (word: Word): void => {
    const index = at;
    for (let letter = 1; letter < word.text.length; letter++) {
      const flag = `-${word.text.charAt(letter)}`;
      const name = table.values[flag];
      if (name !== undefined) {
        const from = style === 'argparse' && word.text.charAt(letter + 1) === '=' ? 2 : 1;
        const rest = slice(word, letter + from);
        add(name, flag, rest.text === '' && from === 1 ? nextValue() : rest, index);
        return;
      }
      add(table.flags[flag] ?? flag, flag, null, index);
      if (table.flags[flag] === undefined && style !== 'getopt') return;
    }
  };
  const endAt = (index: number, rest: number): Parsed => {
    parsed.end = index;
    for (const word of words.slice(rest)) parsed.positionals.push(word);
    return parsed;
  };
  for (; at < words.length; at++) {
    const word = words[at];
    if (!word) break;
    if (word.text === '--') return endAt(at, at + 1);
    if (!isOption(word.text, table, style)) {
      if (style === 'getopt') return endAt(at, at);
      if (word.text.startsWith(OPAQUE)) parsed.opaqueAt = at;
      parsed.positionals.push(word);
    } else if (word.text.startsWith('--')) readLong(word);
    else readShort(word);
    if (stopAfter !== null && parsed.options.at(-1)?.name === stopAfter)
      return endAt(at + 1, at + 1);
  }
  return parsed;
}

/** The last use of an option, which is the one that counts. */
export function lastOption(parsed: Parsed, name: string): Option | null {
  return parsed.options.findLast((option) => option.name === name) ?? null;
}

function isOption(text: string, table: OptionTable, style: Style): boolean {
  return style === 'argparse' ? looksLikeOption(text, table) : text.startsWith('-') && text !== '-';
}

/** The option that a beginning stands for; itself where it is none; null: several. */
function complete(written: string, table: OptionTable): string | null {
  if (table.values[written] !== undefined || table.flags[written] !== undefined) return written;
  const matches = [...Object.keys(table.values), ...Object.keys(table.flags)].filter((option) =>
    option.startsWith(written),
  );
  return matches.length > 1 ? null : (matches[0] ?? written);
}

/** Python's `argparse.ArgumentParser._parse_optional`: a word with a blank is none unless it names one. */
function looksLikeOption(text: string, table: OptionTable): boolean {
  if (!text.startsWith('-') || text === '-') return false;
  const known = (option: string): boolean =>
    table.values[option] !== undefined || table.flags[option] !== undefined;
  const equals = text.indexOf('=');
  if (known(text) || (equals > 0 && known(text.slice(0, equals)))) return true;
  if (!text.startsWith('--') && known(text.slice(0, 2))) return true;
  if (/^-\d+$|^-\d*\.\d+$/.test(text)) return false;
  return !text.includes(' ');
}
