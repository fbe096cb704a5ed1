import type { Span } from './chars.ts';
import type { Setting } from './environment.ts';
import type { UnitReading } from './unit.ts';

/** One way to set the number by a drop-in: its `[Service]` lines for N workers. */
export type DropInLines = (workers: number) => string[];

/**
 * The ways in which a drop-in can set the number, the gentlest first: the variable that holds it,
 * Gunicorn's `WEB_CONCURRENCY` where there is no number, the command with its number replaced, the
 * command with an option added. `number`: where the number in force without our drop-in stands, null where none is set.
 */
export function dropInWays(unit: UnitReading, number: Span | null): DropInLines[] {
  const { reading, execLines, sites } = unit;
  const ways: DropInLines[] = [];
  if (number && !reading.usedElsewhere) {
    const variable = sites.find((site) => site.word !== null && contains(site, number));
    if (variable)
      ways.push((workers) => [`Environment=${withEdit(variable, number, String(workers))}`]);
    if (execLines.some((line) => containsLine(line, number)))
      ways.push((workers) => execStart(execLines, number, String(workers)));
  }
  if (!reading.count && reading.kind === 'gunicorn')
    ways.push((workers) => [`Environment=WEB_CONCURRENCY=${workers}`]);
  const behind = reading.insertAfter.last;
  const end = { ...behind, start: behind.end };
  if (execLines.some((line) => containsLine(line, behind)))
    ways.push((workers) => execStart(execLines, end, reading.option(workers)));
  return ways;
}

/** The whole text of our drop-in. */
export function dropInText(unit: string, lines: string[]): string {
  return [
    `# Written by autoscaler: the number of workers of ${unit}.`,
    '# Rewritten at every change: settings of your own belong into another file.',
    `# Undo: autoscaler rollback ${unit}`,
    '[Service]',
    ...lines,
    '',
  ].join('\n');
}

interface Range {
  file: { path: string; text: string };
  start: number;
  end: number;
}

function contains(range: Range, span: Range): boolean {
  return range.file === span.file && range.start <= span.start && span.end <= range.end;
}

function containsLine({ file, assignment }: Setting, span: Span): boolean {
  return contains({ file, start: assignment.start, end: assignment.end }, span);
}

/** All ExecStart lines in force, verbatim but for the edit. */
function execStart(lines: Setting[], edit: Span, insert: string): string[] {
  const ranges = lines.map(({ file, assignment }) => ({
    file,
    start: assignment.start,
    end: assignment.end,
  }));
  return ['ExecStart=', ...ranges.map((range) => withEdit(range, edit, insert))];
}

function withEdit({ file, start, end }: Range, edit: Range, insert: string): string {
  if (!contains({ file, start, end }, edit)) return file.text.slice(start, end);
  return file.text.slice(start, edit.start) + insert + file.text.slice(edit.end, end);
}
