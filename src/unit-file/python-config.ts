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

/** The code with comments and strings blanked out, each line and position as before. */
function withoutStrings(python: string): string {
  const literal =
    /#[^\n]*|"""(?:[^\\]|\\[^])*?(?:"""|$)|'''(?:[^\\]|\\[^])*?(?:'''|$)|"(?:[^"\\\n]|\\[^])*"?|'(?:[^'\\\n]|\\[^])*'?/g;
  return python.replace(literal, (text) => text.replace(/[^\n]/g, ' '));
}
