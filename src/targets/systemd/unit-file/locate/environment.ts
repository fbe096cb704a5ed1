import { Budget } from '../syntax/budget.ts';
import { splitUnitName, expandSpecifiers } from '../syntax/specifiers.ts';
import { slice } from '../syntax/chars.ts';
import type { Chars, Word } from '../syntax/chars.ts';
import { parseEnvFile } from '../syntax/env-file.ts';
import type { Assignment } from '../syntax/parse.ts';
import type { SourceFile, UnitSources } from '../syntax/types.ts';
import { eachWord, Malformed } from '../syntax/words.ts';

/**
 * The variables that a command gets. `unknown`: why a variable that is not listed may have any value;
 * null: it is not set. `budget`: what the reading may still cost.
 */
export interface Env {
  vars: ReadonlyMap<string, Chars | 'unknown'>;
  unknown: string | null;
  budget: Budget;
}

/** A place in a file where a variable gets its value; `word` is the whole `NAME=value` of `Environment=`. */
export interface VariableSite {
  name: string;
  value: Chars;
  file: SourceFile;
  start: number;
  end: number;
  word: Word | null;
}

/** An assignment of `[Service]` and the file that it stands in. */
export interface Setting {
  file: SourceFile;
  assignment: Assignment;
}

const ASSIGNMENT = /^([A-Za-z_][A-Za-z0-9_]*)=/;
/** A byte that is no part of UTF-8, as it is decoded. */
const NOT_UTF8 = /[\uDC80-\uDCFF]/u;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** A variable's value; undefined: not set. */
export function lookUp(env: Env, name: string): Chars | 'unknown' | undefined {
  return env.vars.get(name) ?? (env.unknown === null ? undefined : 'unknown');
}

/** The same variables but for one; null: it is not set. */
export function withVariable(env: Env, name: string, value: Chars | 'unknown' | null): Env {
  env.budget.spend(env.vars.size);
  const vars = new Map(env.vars);
  if (value) vars.set(name, value);
  else vars.delete(name);
  return { ...env, vars };
}

/** The `NAME=value` words that a command begins with, set, and the words behind them. */
export function takeAssignments(words: Word[], env: Env): { words: Word[]; env: Env } {
  const found = words.findIndex((word) => !ASSIGNMENT.test(word.text));
  const end = found < 0 ? words.length : found;
  if (end === 0) return { words, env };
  env.budget.spend(env.vars.size);
  const vars = new Map(env.vars);
  for (const word of words.slice(0, end)) {
    const [assigned = '', name = ''] = ASSIGNMENT.exec(word.text) ?? [];
    vars.set(name, slice(word, assigned.length));
  }
  return { words: words.slice(end), env: { ...env, vars } };
}

/**
 * The environment of the unit's commands (systemd.exec(5), "Environment"): PassEnvironment=, then
 * Environment=, then the environment files, less UnsetEnvironment=. Throws `TooMuch`.
 */
export function readEnvironment(
  settings: Setting[],
  sources: UnitSources,
): { env: Env; sites: VariableSite[] } {
  const sites: VariableSite[] = [];
  const budget = new Budget();
  const listOf = (key: string): ListWord[] => wordsOf(settings, key, sources.unit, budget);
  const vars = new Map<string, Chars | 'unknown'>();
  for (const { word } of listOf('PassEnvironment')) vars.set(word.text, 'unknown');
  for (const { file, word } of listOf('Environment')) {
    const equals = word.text.indexOf('=');
    const name = word.text.slice(0, equals);
    if (equals < 0 || !NAME.test(name)) continue;
    const value = slice(word, equals + 1);
    vars.set(name, value);
    sites.push({ name, value, file, start: word.first.start, end: word.last.end, word });
  }
  let unknown: string | null = null;
  for (const { path, text } of sources.environmentFiles) {
    if (text === null) {
      const { fault } = sources.factsOf(path);
      unknown = `${path} cannot be read${fault === null ? '' : ` (${fault})`}`;
      vars.clear();
      continue;
    }
    const file = { path, text };
    const assignments = parseEnvFile(file);
    if (assignments.some(({ value }) => NOT_UTF8.test(value.text))) {
      // systemd does not take the file then
      unknown = `${path} sets a variable to what is not UTF-8`;
      vars.clear();
      continue;
    }
    for (const { name, value, start, end } of assignments) {
      vars.set(name, value);
      sites.push({ name, value, file, start, end, word: null });
    }
  }
  for (const { word } of listOf('UnsetEnvironment')) unset(vars, word.text);
  return { env: { vars, unknown, budget }, sites };
}

/** A word of a list setting, and where it stands. */
interface ListWord {
  file: SourceFile;
  word: Word;
}

/** `NAME` removes the variable, `NAME=value` removes it where it has this value. */
function unset(vars: Map<string, Chars | 'unknown'>, what: string): void {
  const equals = what.indexOf('=');
  const name = equals < 0 ? what : what.slice(0, equals);
  const value = vars.get(name);
  if (value === undefined) return;
  if (equals < 0) vars.delete(name);
  else if (value === 'unknown') return;
  else if (value.text === what.slice(equals + 1)) vars.delete(name);
}

/** The words of a list setting in force: an empty assignment drops what was before it, what is malformed the rest of its line. */
function wordsOf(settings: Setting[], key: string, unit: string, budget: Budget): ListWord[] {
  let found: ListWord[] = [];
  for (const { file, assignment } of settings) {
    if (assignment.key !== key) continue;
    const value = assignment.value();
    if (value.text === '') found = [];
    try {
      for (const word of eachWord(value, 'setting')) {
        budget.spendWord();
        found.push({ file, word: expandSpecifiers(word, unit, budget) });
      }
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
    }
  }
  return found;
}

/** Whether an environment file of this unit is one that other instances of its template read as well. */
export function sharedByInstances(path: string, unit: string): boolean {
  const { instance } = splitUnitName(unit);
  return instance !== null && instance !== '' && !path.includes(instance);
}
