import type { Chars, Span } from './chars.ts';
import type { Setting, VariableSite } from './environment.ts';
import { ourEnvironmentPath } from './our-files.ts';
import { laterThanOurs } from './ownership.ts';
import { parseUnit } from './parse.ts';
import { numberIn } from './reading.ts';
import type { UnitSources } from './types.ts';
import type { UnitReading } from './unit.ts';

/** No command has one, and nobody can tell what a reader makes of it. */
const CONTROL = /[\0-\x08\n-\x1f\x7f]/;

/** What our drop-in says: its `[Service]` lines, and the line of the environment file that they name, null for none. */
export interface OurLines {
  lines: string[];
  environment: string | null;
}

/** One way to set the number by a drop-in, for N workers. */
export type DropInWay = (workers: number) => OurLines;

/**
 * The ways in which a drop-in can set the number, the gentlest first: the variable that holds it,
 * Gunicorn's `WEB_CONCURRENCY` where there is no number, the command with its number replaced, the
 * command with an option added. `number`: where the number in force without our drop-in stands, null where none is set.
 *
 * Of a foreign file a variable's name is taken over, and of its commands what is one line to systemd, as one line.
 */
export function dropInWays(
  unit: UnitReading,
  number: Span | null,
  sources: UnitSources,
): DropInWay[] {
  const { reading, execLines, sites } = unit;
  const ways: DropInWay[] = [];
  const isForeign = (path: string): boolean => sources.factsOf(path).foreign !== null;
  const add = (lines: (workers: number) => string[]): void => {
    ways.push((workers) => ({ lines: lines(workers), environment: null }));
  };
  const isPlain = execLines.every(
    ({ file, assignment }) => !isForeign(file.path) || !CONTROL.test(assignment.value().text),
  );
  const isInCommand = (span: Span): boolean =>
    isPlain && execLines.some((line) => containsLine(line, span));
  if (number && !reading.usedElsewhere) {
    const variable = sites.find((site) => contains(site, number));
    if (variable && isForeign(variable.file.path)) {
      const { name } = variable;
      if (!isAllOf(number, variable.value)) {
        // options of theirs: what comes behind them on the command line wins
      } else if (variable.word) add((workers) => [`Environment=${name}=${workers}`]);
      else if (canNameOurs(sources.unit) && !laterThanOurs(sources).some(namesEnvironmentFiles)) {
        // the last of them wins; without it the service still starts
        const lines = [`EnvironmentFile=-${ourEnvironmentPath(sources.unit)}`];
        ways.push((workers) => ({ lines, environment: `${name}=${workers}` }));
      }
    } else if (variable?.word)
      add((workers) => [`Environment=${withEdit(variable, number, String(workers))}`]);
    if (isInCommand(number))
      add((workers) => execStart(execLines, number, String(workers), isForeign));
  }
  if (!reading.count && reading.kind === 'gunicorn')
    add((workers) => [`Environment=WEB_CONCURRENCY=${workers}`]);
  const behind = reading.insertAfter.last;
  const end = { ...behind, start: behind.end };
  if (isInCommand(behind))
    add((workers) => execStart(execLines, end, reading.option(workers), isForeign));
  return ways;
}

/** systemd takes the path of an environment file for a glob(7), in which a `\` is no part of a name. */
function canNameOurs(unit: string): boolean {
  return !ourEnvironmentPath(unit).includes('\\');
}

/** The whole text of our drop-in. */
export function dropInText(unit: string, lines: string[]): string {
  return [...head(unit), `# Undo: autoscaler rollback ${unit}`, '[Service]', ...lines, ''].join(
    '\n',
  );
}

/** The whole text of our environment file. */
export function environmentText(unit: string, line: string): string {
  return [...head(unit), line, ''].join('\n');
}

function head(unit: string): string[] {
  return [
    `# Written by autoscaler: the number of workers of ${unit}.`,
    '# Rewritten at every change: settings of your own belong into another file.',
  ];
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

function isAllOf(number: Span, value: VariableSite['value']): boolean {
  const place = numberIn(value)?.place;
  return place?.start === number.start && place.end === number.end;
}

function namesEnvironmentFiles(file: { path: string; text: string }): boolean {
  return parseUnit(file).some(
    ({ section, key }) => section === 'Service' && key === 'EnvironmentFile',
  );
}

/** All ExecStart lines in force, those of root's own files verbatim but for the edit. */
function execStart(
  lines: Setting[],
  edit: Range,
  insert: string,
  isForeign: (path: string) => boolean,
): string[] {
  return [
    'ExecStart=',
    ...lines.map(({ file, assignment }) => {
      const { start, end } = assignment;
      if (!isForeign(file.path)) return withEdit({ file, start, end }, edit, insert);
      return `ExecStart=${oneLine(assignment.value(), edit, insert)}`;
    }),
  ];
}

function withEdit({ file, start, end }: Range, edit: Range, insert: string): string {
  if (!contains({ file, start, end }, edit)) return file.text.slice(start, end);
  return file.text.slice(start, edit.start) + insert + file.text.slice(edit.end, end);
}

/**
 * A value as systemd reads it, in one line, with the edit: neither a comment between its lines nor what ends its file can
 * become something else where it is copied to.
 */
function oneLine({ text, runs }: Chars, edit: Range, insert: string): string {
  const from = runs.find((run) => run.file === edit.file && holds(run, edit.start, edit.end));
  if (!from) return text;
  const at = from.at + edit.start - from.start;
  const length = edit.end - edit.start;
  return text.slice(0, at) + insert + text.slice(at + length);
}

/** Whether an edit is within a run of characters, or right behind it. */
function holds(run: Span, start: number, end: number): boolean {
  return (
    run.start <= start && end <= run.end && (start < run.end || start === end) && end > run.start
  );
}
