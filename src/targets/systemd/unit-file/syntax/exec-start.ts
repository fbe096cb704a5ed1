import { CharsBuilder, OPAQUE, charFor, slice, spanAt } from '../../../../kinds/command/chars.ts';
import type { Chars, Word } from '../../../../kinds/command/chars.ts';
import { lookUp } from '../../../../kinds/command/env.ts';
import type { Env } from '../../../../kinds/command/env.ts';
import type { Setting } from '../locate/environment.ts';
import { expandSpecifiers } from './specifiers.ts';
import { eachWord, nextWord } from './words.ts';

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const BRACED = /\$\{([^}:]*)([}:]|$)/y;

/** The ExecStart= lines in force: an empty one drops those before it. */
export function execStartLines(settings: Setting[]): Setting[] {
  let lines: Setting[] = [];
  for (const setting of settings) {
    if (setting.assignment.key !== 'ExecStart') continue;
    if (setting.assignment.value().text === '') lines = [];
    else lines.push(setting);
  }
  return lines;
}

/**
 * The commands of one ExecStart= value (systemd.service(5), "Command lines"): the program, prefixes
 * taken off, and its arguments with specifiers and variables replaced. A lone `;` separates commands.
 * Throws `Malformed`, `TooMuch`.
 */
export function readCommands(value: Chars, unit: string, env: Env): Word[][] {
  const commands: Word[][] = [];
  for (let at = 0; at < value.text.length;) {
    const first = nextWord(value, at, 'command');
    if (!first) break;
    env.budget.spendWord();
    const { word: program, namesArgv0, expands } = takePrefixes(first.word);
    const args: Word[] = [];
    at = first.next;
    while (at < value.text.length) {
      if (isSemicolon(value.text, at)) {
        at++;
        break;
      }
      const found = nextWord(value, at, 'command');
      if (!found) break;
      env.budget.spendWord();
      const isEscapedSemicolon =
        value.text.startsWith('\\;', at) && found.word.last.end === spanAt(value, at + 1).end;
      const word = isEscapedSemicolon ? slicedWord(found.word, 1) : found.word;
      args.push(expandSpecifiers(word, unit, env.budget));
      at = found.next;
    }
    if (namesArgv0) args.shift();
    const expanded = expands ? args.flatMap((word) => expandVariables(word, env)) : args;
    if (program.text !== '')
      commands.push([expandSpecifiers(program, unit, env.budget), ...expanded]);
  }
  return commands;
}

function isSemicolon(text: string, at: number): boolean {
  return text.charAt(at) === ';' && /^[ \t\n\r]?$/.test(text.charAt(at + 1));
}

/** `-`, `@`, `:`, `+`, `!`, `!!` in any combination. */
function takePrefixes(word: Word): { word: Word; namesArgv0: boolean; expands: boolean } {
  const prefixes = /^[-@:+!]*/.exec(word.text)?.[0] ?? '';
  return {
    word: slicedWord(word, prefixes.length),
    namesArgv0: prefixes.includes('@'),
    expands: !prefixes.includes(':'),
  };
}

function slicedWord(word: Word, from: number): Word {
  return { ...slice(word, from), first: word.first, last: word.last };
}

/**
 * `$NAME` as a word of its own becomes the words of the value, `${NAME}` anywhere the value as it is,
 * `$$` a dollar sign. What is not set is empty. Other forms, such as `${NAME:-3}`, are left to a shell.
 */
function expandVariables(word: Word, env: Env): Word[] {
  const { text } = word;
  if (!text.includes('$')) return [word];
  if (/^\$(?![{$])/.test(text)) return splitVariable(word, env);
  const out = new CharsBuilder();
  for (let at = 0; at < text.length;) {
    const dollar = text.indexOf('$', at);
    if (dollar !== at) {
      const end = dollar < 0 ? text.length : dollar;
      out.take(word, at, end);
      at = end;
      continue;
    }
    BRACED.lastIndex = at;
    const [whole = '', name = '', close] = BRACED.exec(text) ?? [];
    if (close === '}') {
      const value = lookUp(env, name);
      const last = spanAt(word, at + whole.length - 1);
      if (value === 'unknown') out.add(charFor(OPAQUE, spanAt(word, at), last, true));
      else if (value) {
        env.budget.spend(value.text.length);
        out.add(value);
      }
      at += whole.length;
    } else if (whole) {
      // `${NAME:` is not systemd's, and a brace that is never closed takes up the rest of the word.
      out.add(slice(word, at, at + whole.length));
      at += whole.length;
    } else if (text.startsWith('$$', at)) {
      out.add(charFor('$', spanAt(word, at), spanAt(word, at + 1), false));
      at += 2;
    } else out.take(word, at++);
  }
  return [{ ...word, text: out.text, runs: out.runs }];
}

function splitVariable(word: Word, env: Env): Word[] {
  const name = word.text.slice(1);
  const value = NAME.test(name) ? lookUp(env, name) : undefined;
  if (value === undefined) return [];
  const { first, last } = word;
  if (value === 'unknown') return [{ ...charFor(OPAQUE, first, last, true), first, last }];
  env.budget.spend(value.text.length);
  return Array.from(eachWord(value, 'value'), (part) => {
    env.budget.spendWord();
    return { ...part, first, last };
  });
}
