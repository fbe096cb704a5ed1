import type { Env } from '../../../../kinds/command/env.ts';
import { Budget } from '../../../../kinds/command/budget.ts';
import { splitUnitName, expandSpecifiers } from '../syntax/specifiers.ts';
import { slice } from '../../../../kinds/command/chars.ts';
import type { Chars, Word } from '../../../../kinds/command/chars.ts';
import { parseEnvFile } from '../syntax/env-file.ts';
import type { Assignment } from '../syntax/parse.ts';
import type { SourceFile } from '../../../../kinds/command/source.ts';
import type { UnitSources } from '../syntax/types.ts';
import { eachWord, Malformed } from '../syntax/words.ts';

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

/** A byte that is no part of UTF-8, as it is decoded. */
const NOT_UTF8 = /[\uDC80-\uDCFF]/u;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

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
