import type { core } from 'zod/mini';
import { locate, nodeAt, type Document, type Finding } from '../file/document.ts';
import { quote, shorten, type Fault, type KeyPath } from '../file/fault.ts';
import { describeUnknownKey } from '../file/unknown-key.ts';

/** What the schema has against a config: the faults, and the paths that the value is to be read without. */
export interface SchemaFaults {
  faults: Fault[];
  broken: KeyPath[];
}

/** Turns the issues of the schema, whose messages are what is expected, into faults with their places. */
export function describeIssues(document: Document, issues: core.$ZodIssue[]): SchemaFaults {
  const all = issues.flatMap((issue) => flatten(document, issue, []));
  // a key that is missing only because it is misspelt is one fault, not two
  const meant = new Set(all.flatMap(({ meant }) => (meant ? [JSON.stringify(meant)] : [])));
  const reported = new Map<string, Fault>();
  for (const { finding, at } of all) {
    const path = JSON.stringify(finding.path);
    const isMisspelt = meant.has(path) && nodeAt(document, finding.path) === undefined;
    // two checks of one value say the same
    if (!isMisspelt && !reported.has(path)) reported.set(path, locate(document, finding, at));
  }
  return { faults: [...reported.values()], broken: all.map(({ finding }) => finding.path) };
}

/** Of one object: each is looked for among all others, to say where it stands. */
const MOST_KEYS = 100;

interface Placed {
  finding: Finding;
  at: 'key' | 'value';
  /** where the value would stand, had an unknown key been written as it was probably meant */
  meant: KeyPath | null;
}

function flatten(document: Document, issue: core.$ZodIssue, above: KeyPath): Placed[] {
  const path = [...above, ...issue.path] as KeyPath;
  if (issue.code === 'unrecognized_keys')
    return issue.keys.slice(0, MOST_KEYS).map((key) => unknownKey([...path, key]));
  if (issue.code === 'invalid_key') return [unknownKey(path)];
  if (issue.code === 'invalid_union') {
    // the alternative whose outer form fits, where there is one: its own issues say more
    const fitting = issue.errors.find((inner) => !inner.some(isWrongType));
    if (fitting) return fitting.flatMap((inner) => flatten(document, inner, path));
  }
  const found = describeValue(document, path);
  const hint = found === null ? 'this key is required' : null;
  const finding = { path, found: found ?? 'nothing', expected: issue.message, hint };
  return [{ finding, at: 'value', meant: null }];
}

function unknownKey(path: KeyPath): Placed {
  const { meant, ...what } = describeUnknownKey(path);
  return {
    finding: { path, ...what },
    at: 'key',
    meant: meant === null ? null : [...path.slice(0, -1), meant],
  };
}

function isWrongType(issue: core.$ZodIssue): boolean {
  return issue.code === 'invalid_type' && issue.path.length === 0;
}

/** A value as people may see it, shortened, numbers as they are written; null: there is none. */
function describeValue(document: Document, path: KeyPath): string | null {
  const node = nodeAt(document, path);
  if (node === undefined) return null;
  if (node.type === 'object') return node.children?.length === 0 ? '{}' : 'an object';
  if (node.type === 'array') return node.children?.length === 0 ? '[]' : 'a list';
  if (/passw/i.test(String(path.at(-1)))) return 'something else';
  if (node.type === 'string') return quote(String(node.value));
  return shorten(document.text.slice(node.offset, node.offset + node.length));
}
