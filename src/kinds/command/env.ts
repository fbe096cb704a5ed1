import type { Budget } from './budget.ts';
import { slice, type Chars, type Word } from './chars.ts';

/**
 * The variables that a command gets. `unknown`: why a variable that is not listed may have any value;
 * null: it is not set. `budget`: what the reading may still cost.
 */
export interface Env {
  vars: ReadonlyMap<string, Chars | 'unknown'>;
  unknown: string | null;
  budget: Budget;
}

const ASSIGNMENT = /^([A-Za-z_][A-Za-z0-9_]*)=/;

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
