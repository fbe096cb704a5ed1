import type { Chars, Span } from '../../../kinds/command/chars.ts';
import { checksum } from './checksum.ts';
import type { Setting, VariableSite } from './locate/environment.ts';
import { ourEnvironmentPath } from './our-files.ts';
import { parseUnit } from './syntax/parse.ts';
import { numberIn } from '../../../kinds/command/reading.ts';
import type { SourceFile } from '../../../kinds/command/source.ts';
import type { UnitSources } from './syntax/types.ts';
import type { UnitReading } from './locate/unit.ts';

/** No command has one, and nobody can tell what a reader makes of it. */
const CONTROL = /[\0-\x08\n-\x1f\x7f]/;

/** What our drop-in says: its `[Service]` lines, and the line of the environment file that they name, null for none. */
export interface OurLines {
  lines: string[];
  environment: string | null;
}

/** One way to set the number by a drop-in. */
export interface DropInWay {
  forWorkers: (workers: number) => OurLines;
  /** it repeats settings of other files, of which a later edit has no effect until it is renewed */
  copies: boolean;
}

/**
 * The ways in which a drop-in can set the number, the gentlest first: the variable that holds it, the one that sets it
 * where there is none (`WEB_CONCURRENCY`), the command with its number replaced, the command with an option added.
 * `number`: where the number in force without our drop-in stands, null where none is set.
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
  const add = (copies: boolean, lines: (workers: number) => string[]): void => {
    ways.push({ copies, forWorkers: (n) => ({ lines: lines(n), environment: null }) });
  };
  const isPlain = execLines.every(
    ({ file, assignment }) => !isForeign(file.path) || !CONTROL.test(assignment.value().text),
  );
  const isInCommand = (span: Span): boolean =>
    isPlain && execLines.some((line) => containsLine(line, span));
  if (number && !reading.usedElsewhere) {
    const variable = sites.find((site) => contains(site, number));
    if (variable && isAllOf(number, variable.value)) {
      const { name } = variable;
      if (variable.word) add(false, (workers) => [`Environment=${name}=${workers}`]);
      else if (canNameOurs(sources.unit)) {
        // the last of them wins; without it the service still starts
        const lines = [`EnvironmentFile=-${ourEnvironmentPath(sources.unit)}`];
        const line = (workers: number): string => `${name}=${workers}`;
        const forWorkers = (n: number): OurLines => ({ lines, environment: line(n) });
        ways.push({ copies: false, forWorkers });
      }
      // options of theirs: what comes behind them on the command line wins
    } else if (variable?.word && !isForeign(variable.file.path))
      add(true, (workers) => [`Environment=${withEdit(variable, number, String(workers))}`]);
    if (isInCommand(number))
      add(true, (workers) => execStart(execLines, number, String(workers), isForeign));
  }
  const { variable: set } = reading;
  if (!reading.count && set) add(false, (workers) => [`Environment=${set(workers)}`]);
  const behind = reading.insertAfter.last;
  const end = { ...behind, start: behind.end };
  if (isInCommand(behind))
    add(true, (workers) => execStart(execLines, end, reading.option(workers), isForeign));
  return ways;
}

/** systemd takes the path of an environment file for a glob(7), in which a `\` is no part of a name. */
function canNameOurs(unit: string): boolean {
  return !ourEnvironmentPath(unit).includes('\\');
}

/** Begins the line that says what a drop-in was made from. */
const MADE_FROM = '# Made from settings of the unit with the checksum ';

/** The files of ours that set N workers in one way: the drop-in's whole text, and the environment file's, null for none. */
export function textsOf(
  unit: string,
  { forWorkers, copies }: DropInWay,
  workers: number,
): { text: string; environment: string | null } {
  const { lines, environment } = forWorkers(workers);
  const made = copies ? [`${MADE_FROM}${madeFrom(forWorkers)}; renewed when they change.`] : [];
  const text = [
    ...[...head(unit), ...made, `# Undo: autoscaler rollback ${unit}`],
    ...['[Service]', ...lines, ''],
  ].join('\n');
  const named = environment === null ? null : [...head(unit), environment, ''].join('\n');
  return { text, environment: named };
}

/**
 * Whether our drop-in repeats settings that the files below it have no more, so that their edit has no effect. `way`: how it
 * would be made now, for as many workers as it says. One of an older version names no checksum.
 */
export function isStale(ours: SourceFile, way: DropInWay, workers: number): boolean {
  const at = ours.text.indexOf(MADE_FROM);
  const from = at < 0 ? null : /^[0-9a-f]*/.exec(ours.text.slice(at + MADE_FROM.length))?.[0];
  if (way.copies && from !== null) return from !== madeFrom(way.forWorkers);
  if (way.copies)
    return !way.forWorkers(workers).lines.every((line) => ours.text.includes(`\n${line}\n`));
  return from !== null || repeatsCommand(ours);
}

/** Whether a drop-in has commands of its own. */
export function repeatsCommand(file: SourceFile): boolean {
  return parseUnit(file).some(({ section, key }) => section === 'Service' && key === 'ExecStart');
}

/** Of all that is repeated, which no number of workers is part of. */
function madeFrom(forWorkers: DropInWay['forWorkers']): string {
  return checksum(forWorkers(0).lines.join('\n'));
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

/** Whether a drop-in names environment files, the last of which win. */
export function namesEnvironmentFiles(file: SourceFile): boolean {
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
