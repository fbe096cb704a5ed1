import type { core } from 'zod/mini';
import { locate, readValue, type Document } from './document.ts';
import type { Fault, KeyPath } from './fault.ts';
import { describeIssues } from '../schema/issues.ts';
import { checkRules } from '../rules/rules.ts';
import { configSchema } from '../schema/schema.ts';
import { MOST_WORKERS } from '../schema/values.ts';
import { describeSyntaxErrors, isReadable } from './syntax.ts';

/**
 * All faults of a config that has some: those of its syntax, of its keys
 * and values (`hidden`, `issues`), and of the rules, which judge what is faultless by itself.
 */
export function collectFaults(
  document: Document,
  hidden: Fault[],
  issues: core.$ZodIssue[],
): Fault[] {
  const syntax = describeSyntaxErrors(document);
  // what the parser made of the rest is then a guess, and its faults would be guesses too
  if (!isReadable(document)) return syntax;
  const { faults, broken } = describeIssues(document, issues);
  const keys = new Set(hidden.map(({ key }) => key));
  const visible = faults.filter(({ key }) => !keys.has(key));
  return [...syntax, ...hidden, ...visible, ...findRuleFaults(document, broken)];
}

function findRuleFaults(document: Document, broken: KeyPath[]): Fault[] {
  const rest = configSchema.safeParse(readWithout(document, broken));
  if (!rest.success) return [];
  // looked up, not searched: a config may have thousands of faults
  const keyOf = (project: unknown, key: unknown): string => JSON.stringify([project, key]);
  const keys = new Set(broken.map(([, project, key]) => keyOf(project, key)));
  const isBroken = (project: string, key: string): boolean => keys.has(keyOf(project, key));
  return checkRules(rest.data, isBroken).errors.map((finding) => locate(document, finding));
}

/** The value without what is broken; stand-ins for what is required, which no rule then judges by. */
function readWithout(document: Document, broken: KeyPath[]): unknown {
  const value = asObject(readValue(document)) ?? {};
  for (const path of broken) {
    // of a list or a duration, the whole goes; of thresholds, the broken one alone
    const end = String(path[2]).endsWith('_thresholds') ? 4 : 3;
    const key = path.slice(0, end).at(-1);
    const holder = path
      .slice(0, end)
      .slice(0, -1)
      .reduce<unknown>((at, k) => asObject(at)?.[k], value);
    const object = asObject(holder);
    if (object && key !== undefined) delete object[key];
  }
  value['projects'] ??= {};
  for (const project of Object.values(value['projects'] as object)) {
    const object = asObject(project);
    if (object) object['max_workers'] ??= MOST_WORKERS;
  }
  return value;
}

function asObject(value: unknown): Record<string | number, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}
