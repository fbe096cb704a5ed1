/**
 * Whether a Gunicorn config file may set the number of workers. Comments and strings do not count; the
 * name `workers` anywhere else does, and so does whatever may set any name (`import *`, `globals()` …).
 */
export function mayAssignWorkers(python: string): boolean {
  const code = withoutStrings(python);
  return /(?:^|[^.\w])(?:workers|globals|locals|vars|exec|setattr)\b|\bimport\s*\*/.test(code);
}

/** A setting's text; null: it is not set; `unknown`: it is set, or may be, and what it is only shows when the service starts. */
export type Told = { text: string } | 'unknown' | null;

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
  const literal =
    /#[^\n]*|"""(?:[^\\]|\\[^])*?(?:"""|$)|'''(?:[^\\]|\\[^])*?(?:'''|$)|"(?:[^"\\\n]|\\[^])*"?|'(?:[^'\\\n]|\\[^])*'?/g;
  return python.replace(literal, (text) => text.replace(/[^\n]/g, ' '));
}
