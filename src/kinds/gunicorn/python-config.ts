import type { Told } from '../shared/concurrency.ts';

/**
 * Whether a Gunicorn config file may set the number of workers. Comments and strings do not count; the
 * name `workers` anywhere else does, and so does whatever may set any name (`import *`, `globals()` …).
 */
export function mayAssignWorkers(python: string): boolean {
  const code = withoutStrings(python);
  return /(?:^|[^.\w])(?:workers|globals|locals|vars|exec|setattr)\b|\bimport\s*\*/.test(code);
}

/** The line, counted from 1, where `workers` is first named; null: nowhere. */
export function lineOfWorkers(python: string): number | null {
  const at = withoutStrings(python).search(/(?<![.\w])workers\b/);
  return at < 0 ? null : python.slice(0, at).split('\n').length;
}

/**
 * What a Gunicorn config file assigns to `name`: a text or a number, where it stands there as such, once and at the
 * beginning of a line; unknown where it is computed, where it is named in another way, or where any name may be set.
 */
export function readAssigned(python: string, name: string): Told {
  const code = withoutStrings(python);
  const open = /(?:^|[^.\w])(?:globals|locals|vars|exec|setattr)\b|\bimport\s*\*/.test(code);
  const named = [...code.matchAll(new RegExp(`(?<![.\\w])${name}\\b`, 'g'))];
  if (named.length === 0) return open ? 'unknown' : null;
  const [first, second] = named;
  if (open || first === undefined || second !== undefined) return 'unknown';
  const line = python.slice(first.index).split('\n', 1)[0] ?? '';
  const isWhole = first.index === 0 || python.charAt(first.index - 1) === '\n';
  const literal = /^\w+\s*=\s*(?:"([^"\\]*)"|'([^'\\]*)'|(\d+))\s*(?:#.*)?$/.exec(line);
  if (!isWhole || literal === null) return 'unknown';
  return { text: literal[1] ?? literal[2] ?? literal[3] ?? '' };
}

/** The code with comments and strings blanked out, each line and position as before. */
function withoutStrings(python: string): string {
  const opens = /[#"']/g;
  let code = '';
  let from = 0;
  for (let found = opens.exec(python); found !== null; found = opens.exec(python)) {
    const end = endOfLiteral(python, found.index);
    code += python.slice(from, found.index);
    code += python.slice(found.index, end).replace(/[^\n]+/g, (text) => ' '.repeat(text.length));
    opens.lastIndex = from = end;
  }
  return code + python.slice(from);
}

/** Behind the comment or string that begins at `from`; one without an end goes on to that of the line, or of all. */
function endOfLiteral(python: string, from: number): number {
  const first = python.charAt(from);
  const isLong = first !== '#' && python.startsWith(first.repeat(3), from);
  const special = first === '#' ? /\n/g : isLong ? LONG[first as '"'] : SHORT[first as '"'];
  special.lastIndex = from + (isLong ? 3 : 1);
  for (let found = special.exec(python); found !== null; found = special.exec(python)) {
    const [text] = found;
    // what a backslash stands before is passed over with it
    if (text === '\n') return found.index;
    if (!text.startsWith('\\')) return special.lastIndex;
  }
  return python.length;
}

/** What ends a string, or escapes in it. */
const LONG = { '"': /"""|\\[^]/g, "'": /'''|\\[^]/g };
const SHORT = { '"': /["\n]|\\[^]/g, "'": /['\n]|\\[^]/g };
