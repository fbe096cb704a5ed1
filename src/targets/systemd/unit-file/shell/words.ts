import type { Budget } from '../../../../kinds/command/budget.ts';
import {
  CharsBuilder,
  OPAQUE,
  charFor,
  slice,
  spanAt,
  wordAt,
} from '../../../../kinds/command/chars.ts';
import type { Chars, Word } from '../../../../kinds/command/chars.ts';

/** The variables of a shell, as far as they are known; undefined: not set. */
export interface ShellVariables {
  get: (name: string) => Chars | 'unknown' | undefined;
  set: (name: string, value: Chars) => void;
  /** `$0`, `$1` … */
  params: Word[];
  /** what the reading may still cost */
  budget: Budget;
}

const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
/** Characters that stand for themselves, in a word and between double quotes. */
const PLAIN = /[^\s;&|()<>'"\\$`]+/y;
const PLAIN_QUOTED = /[^"$`\\]+/y;
/** What a shell knows although no unit sets it. */
const SHELL_OWN =
  /^(?:HOME|PATH|USER|LOGNAME|SHELL|PWD|OLDPWD|HOSTNAME|LANG|UID|EUID|PPID|RANDOM|SECONDS|LINENO|IFS|TERM|HOSTTYPE|OSTYPE|BASH\w*|LC_\w+)$/;

/** Shell syntax that is not followed here: here-documents, functions, quotes without an end. */
export class Unfollowed extends Error {}

/** What a sticky pattern matches at a position; null: nothing. */
export function matchAt(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}

/** Reads one word as written, which may expand to none, one or several. */
export class WordReader {
  private readonly script: Chars;
  private readonly start: number;
  private readonly variables: ShellVariables;
  private readonly fields: Chars[] = [];
  private field: CharsBuilder | null = null;
  private readonly depth: number;
  private at: number;
  private isAssignment = false;

  /** `depth`: how many defaults (`${A:-${B:-3}}`) this word stands in */
  constructor(script: Chars, start: number, variables: ShellVariables, depth = 0) {
    if (depth > 8) throw new Unfollowed('defaults within defaults');
    this.script = script;
    this.start = start;
    this.at = start;
    this.variables = variables;
    this.depth = depth;
  }

  /** `isAssignment`: in `NAME=$VALUE` the value does not fall into words */
  read(isAssignment = false): { words: Word[]; next: number } {
    this.isAssignment = isAssignment;
    const { text } = this.script;
    for (; this.at < text.length;) {
      const char = text.charAt(this.at);
      if (/[\s;&|()<>]/.test(char)) break;
      if (char === "'") this.singleQuoted();
      else if (char === '"') this.doubleQuoted();
      else if (char === '\\') this.escape();
      else if (char === '$' || char === '`') this.expansion(false);
      else this.plain(PLAIN);
    }
    if (this.at === this.start) throw new Unfollowed('a redirection without a file');
    if (this.field) this.fields.push(this.field);
    const words = this.fields.map((field) => wordAt(field, this.script, this.start, this.at));
    return { words, next: this.at };
  }

  private open(): CharsBuilder {
    this.field ??= new CharsBuilder();
    return this.field;
  }

  private singleQuoted(): void {
    const end = this.script.text.indexOf("'", this.at + 1);
    if (end < 0) throw new Unfollowed("a quote ' that is not closed");
    this.open().add(slice(this.script, this.at + 1, end));
    this.at = end + 1;
  }

  private doubleQuoted(): void {
    const { text } = this.script;
    this.open();
    for (this.at++; text.charAt(this.at) !== '"';) {
      const char = text.charAt(this.at);
      if (char === '') throw new Unfollowed('a quote " that is not closed');
      if (char === '$' || char === '`') this.expansion(true);
      else if (char === '\\' && /["$`\\\n]/.test(text.charAt(this.at + 1))) this.escape();
      else this.plain(PLAIN_QUOTED);
    }
    this.at++;
  }

  private plain(pattern: RegExp): void {
    const end = this.at + (matchAt(pattern, this.script.text, this.at)?.length ?? 1);
    this.open().take(this.script, this.at, end);
    this.at = end;
  }

  private escape(): void {
    const escaped = this.script.text.charAt(this.at + 1);
    // the last character of a script stands for itself
    if (escaped === '') this.open().take(this.script, this.at);
    else if (escaped !== '\n') this.open().take(this.script, this.at + 1);
    this.at += escaped === '' ? 1 : 2;
  }

  /** `$…` or a back-quoted command at the present position. */
  private expansion(quoted: boolean): void {
    const { text } = this.script;
    const from = this.at;
    const next = text.charAt(from + 1);
    const name = matchAt(NAME, text, from + 1);
    if (text.charAt(from) === '`') this.opaqueUntil(text.indexOf('`', from + 1) + 1, from);
    else if (next === '(') this.opaqueUntil(closing(text, from + 1, '(', ')'), from);
    else if (next === '{') this.braced(closing(text, from + 1, '{', '}'), quoted);
    else if (next === "'" && !quoted) this.opaqueUntil(text.indexOf("'", from + 2) + 1, from);
    else if (name !== null) this.value(this.variable(name), from, from + 1 + name.length, quoted);
    else if (next === '@' || next === '*') {
      this.parameters(from + 2);
    } else if (/\d/.test(next))
      this.value(this.variables.params[Number(next)], from, from + 2, quoted);
    else if (next !== '' && '#?$!-'.includes(next)) this.opaqueUntil(from + 2, from);
    else this.open().take(this.script, this.at++);
  }

  private variable(name: string): Chars | 'unknown' | undefined {
    return this.variables.get(name) ?? (SHELL_OWN.test(name) ? 'unknown' : undefined);
  }

  /** `${NAME}` and its forms with a default; what else there is in braces is opaque. */
  private braced(end: number, quoted: boolean): void {
    const from = this.at;
    const inner = this.script.text.slice(from + 2, end - 1);
    const parts = /^([A-Za-z_][A-Za-z0-9_]*)(?:(:?)([-=+?]))?/.exec(inner);
    const name = parts?.[1] ?? '';
    const [whole = '', , colon, operator] = parts ?? [];
    if (end <= 0 || !name || (!operator && whole !== inner)) {
      this.opaqueUntil(end, from);
      return;
    }
    const value = this.variable(name);
    const isSet = value === 'unknown' || (value !== undefined && !(colon && value.text === ''));
    const wantsWord = operator === '+' ? isSet : (operator === '-' || operator === '=') && !isSet;
    if (!wantsWord) {
      this.value(operator === '+' ? undefined : value, from, end, quoted);
      return;
    }
    const word = slice(this.script, from + 2 + whole.length, end - 1);
    this.variables.budget.spend(word.text.length);
    const other = expandDefault(word, this.variables, this.depth + 1);
    if (operator === '=') this.variables.set(name, other);
    // What is quoted in the default stays one word.
    const isWhole = quoted || /["']/.test(word.text);
    this.value(operator === '+' && value === 'unknown' ? 'unknown' : other, from, end, isWhole);
  }

  private parameters(end: number): void {
    this.variables.params.slice(1).forEach((word, index) => {
      if (index > 0 && this.field) {
        this.fields.push(this.field);
        this.field = null;
      }
      this.variables.budget.spend(word.text.length + 1);
      this.open().add(word);
    });
    this.at = end;
  }

  private value(
    value: Chars | 'unknown' | undefined,
    from: number,
    end: number,
    quoted: boolean,
  ): void {
    if (value === 'unknown') {
      this.opaqueUntil(end, from);
      return;
    }
    this.at = end;
    if (value === undefined) return;
    this.variables.budget.spend(value.text.length);
    if (quoted || this.isAssignment) this.open().add(value);
    else this.addFields(value);
  }

  /** An unquoted value falls into words at its blanks; quotes in it mean nothing. */
  private addFields(value: Chars): void {
    let at = 0;
    for (const [part] of value.text.matchAll(/[ \t\n]+|[^ \t\n]+/g)) {
      if (!/^[ \t\n]/.test(part)) this.open().take(value, at, at + part.length);
      else if (this.field) {
        this.fields.push(this.field);
        this.field = null;
      }
      at += part.length;
    }
  }

  private opaqueUntil(end: number, from: number): void {
    if (end <= 0) throw new Unfollowed('an expansion that is not closed');
    this.open().add(charFor(OPAQUE, spanAt(this.script, from), spanAt(this.script, end - 1), true));
    this.at = end;
  }
}

/** The word after `:-`, whose quotes vanish and whose expansions happen. */
function expandDefault(word: Chars, variables: ShellVariables, depth: number): Chars {
  const out = new CharsBuilder();
  for (let at = 0; at < word.text.length;) {
    if (/[\s;&|()<>]/.test(word.text.charAt(at))) out.take(word, at++);
    else {
      const read = new WordReader(word, at, variables, depth).read();
      for (const part of read.words) out.add(part);
      at = read.next;
    }
  }
  return out;
}

/** Just behind the bracket that closes the one at `from`; 0: none does. Quoted brackets do not count. */
function closing(text: string, from: number, open: string, close: string): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === '\\') at++;
    else if (char === "'" || char === '"') {
      const end = text.indexOf(char, at + 1);
      if (end < 0) return 0;
      at = end;
    } else if (char === open) depth++;
    else if (char === close && --depth === 0) return at + 1;
  }
  return 0;
}
