import { TooMuch } from './budget.ts';
import type { Word } from './chars.ts';
import { OPAQUE, whereIs } from './chars.ts';
import { celeryRole, readCelery, readOwnCelery } from './celery.ts';
import type { Context, Program } from './program-types.ts';
import { findPrograms } from './programs.ts';
import { readEnvironment } from './environment.ts';
import type { Setting, VariableSite } from './environment.ts';
import { execStartLines, readCommands } from './exec-start.ts';
import { readGunicorn } from './gunicorn.ts';
import { parseUnit } from './parse.ts';
import type { Reading } from './reading.ts';
import { isShown, shownText } from './shown.ts';
import type { Refusal, UnitSources } from './types.ts';
import { Malformed } from './words.ts';

/** A unit's only worker command, and the places that it is made from. */
export interface UnitReading {
  how: 'read';
  reading: Reading;
  /** the worker command itself, its environment included */
  program: Program;
  execLines: Setting[];
  sites: VariableSite[];
}

/** All files of a unit together, UTF-16 units; one has some hundred, with all its variables some thousand. */
const MOST_TEXT = 512 * 1024;

/** Reads a unit as systemd merges it, down to its Gunicorn or Celery worker command. Never fails. */
export function readUnit(sources: UnitSources): UnitReading | Refusal {
  const files = [sources.fragment, ...sources.dropIns, ...sources.environmentFiles];
  const length = files.reduce((sum, file) => sum + (file?.text?.length ?? 0), 0);
  if (length > MOST_TEXT) return tooMuch(sources.unit);
  try {
    return readFiles(sources);
  } catch (error) {
    if (!(error instanceof TooMuch)) throw error;
    return tooMuch(sources.unit);
  }
}

function tooMuch(unit: string): Refusal {
  return refuse(
    null,
    'unreadable',
    `${unit}: its files, or what its variables come to, are larger than is read of a unit`,
    'look at its files: systemctl cat; the limits are in docs/limits.md',
  );
}

function readFiles(sources: UnitSources): UnitReading | Refusal {
  const { unit, fragment } = sources;
  if (!fragment) return refuse(null, 'no_unit', `${unit} has no unit file`, CHECK_NAME(unit));
  if (fragment.path === '/dev/null' || fragment.text === '')
    return refuse(null, 'masked', `${unit} is masked`, `systemctl unmask ${unit}`);
  if (fragment.path.startsWith('/run/systemd/transient/'))
    return refuse(
      null,
      'transient',
      `${unit} is transient: ${fragment.path} is gone when it stops`,
      'write a unit file for it in /etc/systemd/system',
    );
  const settings = [fragment, ...sources.dropIns].flatMap((file) =>
    parseUnit(file)
      .filter((assignment) => assignment.section === 'Service')
      .map((assignment) => ({ file, assignment })),
  );
  const { env, sites } = readEnvironment(settings, sources);
  const { readFile, factsOf } = sources;
  const context = { env, cwd: sources.workingDirectory ?? '/', readFile, factsOf, runBy: null };
  const execLines = execStartLines(settings);
  const programs: Program[] = [];
  for (const { file, assignment } of execLines) {
    try {
      for (const argv of readCommands(assignment.value(), unit, env))
        for (const program of findPrograms(argv, context)) programs.push(program);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      const at = { file, start: assignment.start, end: assignment.end, fixed: true };
      const message = `${whereIs(at)}: in ExecStart ${error.message}, systemd ignores the line`;
      return refuse(
        null,
        'unreadable',
        message,
        'correct the line: systemd-analyze verify shows the fault as well',
      );
    }
  }
  const program = onlyWorker(programs, sources);
  if ('how' in program) return program;
  return { how: 'read', reading: readProgram(program, sources), program, execLines, sites };
}

function readProgram({ is, argv, context, own }: Program, { kind, cpus }: UnitSources): Reading {
  if (own !== undefined && kind === 'celery') return readOwnCelery(own, context, cpus);
  if (own !== undefined || is === 'gunicorn') return readGunicorn(own ?? argv, context);
  return readCelery(argv, context, cpus);
}

/** Of a command that a refusal quotes, UTF-16 units. */
const LONGEST_COMMAND = 60;

/** Of a refusal, UTF-16 units: room for two paths. */
const LONGEST_MESSAGE = 500;

/** For a program of a project's own. */
const OR_KIND = '; if this program is one, set "kind": "gunicorn" or "celery" in the config';

const CHECK_NAME = (unit: string): string => `check the name: systemctl cat ${unit}`;

/** A refusal. */
export function refuse(
  kind: Refusal['kind'],
  code: Refusal['code'],
  message: string,
  hint: string,
): Refusal {
  return { how: 'refused', kind, code, message: shorten(message), hint: shorten(hint) };
}

/** What stands in files of others is part of it. */
function shorten(text: string): string {
  return text.length > LONGEST_MESSAGE ? `${text.slice(0, LONGEST_MESSAGE - 1)}…` : text;
}

function onlyWorker(programs: Program[], sources: UnitSources): Program | Refusal {
  const workers = programs.filter(isWorker);
  const [worker, second] = workers;
  if (worker && second)
    return refuse(
      workers.every(({ is }) => is === worker.is) ? kindOf(worker) : null,
      'ambiguous',
      `${whereIs(startOf(second))}: the unit runs a second worker command (the first: ${whereIs(startOf(worker))})`,
      'give each of them a unit of its own',
    );
  if (!worker) return declaredWorker(programs, sources) ?? noWorker(programs, sources);
  const { kind } = sources;
  if (kind === undefined || kind === kindOf(worker)) return worker;
  return refuse(
    kindOf(worker),
    'kind_differs',
    `${whereIs(startOf(worker))}: the config says "kind": "${kind}", but ExecStart runs ${kindOf(worker)}`,
    `remove "kind", or set it to "${kindOf(worker)}"`,
  );
}

/**
 * The program of a project's own that is what the config says, though it does not show it; one of the system, such as a
 * `mkdir` before it, is not meant where there is another.
 */
function declaredWorker(programs: Program[], { kind }: UnitSources): Program | Refusal | null {
  if (kind === undefined || programs.some(({ is }) => is !== 'unknown')) return null;
  const all = programs.filter(({ own }) => own !== undefined);
  const candidates = all.length > 1 ? all.filter(isOpaque) : all;
  const [found = null, second] = candidates;
  if (!second) return found;
  return refuse(
    kind,
    'ambiguous',
    `${whereIs(startOf(second))}: the unit runs more than one program that may be the ${kind} of "kind"`,
    'start that alone in ExecStart, what comes before it in ExecStartPre',
  );
}

function isWorker({ is, argv }: Program): boolean {
  return is === 'gunicorn' || (is === 'celery' && /worker|multi/.test(celeryRole(argv).role));
}

function kindOf({ is }: Program): 'gunicorn' | 'celery' {
  return is === 'gunicorn' ? 'gunicorn' : 'celery';
}

function startOf(program: { argv: Word[]; context: Context }): Word['first'] {
  const [first] = program.argv;
  if (!first) throw new RangeError('a command has at least its name');
  return first.first;
}

function noWorker(programs: Program[], sources: UnitSources): Refusal {
  const { unit } = sources;
  const aside = programs.find(
    ({ is, argv }) =>
      is === 'celery_aside' || (is === 'celery' && celeryRole(argv).role === 'aside'),
  );
  if (aside)
    return refuse(
      'celery',
      'beat_or_flower',
      `${whereIs(startOf(aside))}: ${textOf(aside)} is beat or flower, which have no workers to size`,
      'name the unit that runs "celery worker"',
    );
  const asgi = programs.find(({ is }) => is === 'asgi');
  if (asgi)
    return refuse(
      null,
      'uvicorn_only',
      `${whereIs(startOf(asgi))}: ${textOf(asgi)} runs without Gunicorn`,
      'run it under Gunicorn: gunicorn -k uvicorn.workers.UvicornWorker --workers N …',
    );
  const [program] = programs;
  if (!program)
    return refuse(
      null,
      'not_gunicorn_or_celery',
      `${unit} has no command in ExecStart`,
      CHECK_NAME(unit),
    );
  const opaque = programs.find(isOpaque);
  if (opaque)
    return refuse(
      null,
      'opaque_script',
      `${whereIs(startOf(opaque))}: expected a gunicorn or celery command, found ${textOf(opaque)}, which cannot be looked into${whose(opaque, sources)}`,
      `start gunicorn or "celery worker" in ExecStart itself${OR_KIND}`,
    );
  return refuse(
    null,
    'not_gunicorn_or_celery',
    `${whereIs(startOf(program))}: expected a gunicorn or celery worker command, found ${textOf(program)}`,
    `name a unit that runs Gunicorn or a Celery worker${OR_KIND}`,
  );
}

/** A script or program from outside the system's folders, an interpreter, or one that is given a worker's name. */
function isOpaque({ is, argv }: Program): boolean {
  const path = argv[0]?.text ?? '';
  return (
    is === 'unknown' &&
    (/\.(?:sh|bash|py|pl|rb)$/.test(path) ||
      /(?:^|\/)(?:(?:[bdkaz]|ba|da)?sh|(?:python|pypy)[\d.]*)$/.test(path) ||
      !/^(?:\/usr)?\/s?bin\/|^[^/\s]+$/.test(path) ||
      argv.some(({ text }) => /gunicorn|celery/.test(text) || text.includes(OPAQUE)))
  );
}

/** For people: whose program or script it is, where it is not root's. */
function whose({ argv }: Program, { factsOf }: UnitSources): string {
  for (const word of argv.slice(0, 3)) {
    const { text } = word;
    if (!isShown(word, factsOf)) continue;
    const foreign = text.startsWith('/') && !text.includes(OPAQUE) ? factsOf(text).foreign : null;
    if (foreign !== null) return ` and is not root's alone: ${foreign}`;
  }
  return '';
}

function textOf({ argv, context }: Program): string {
  // more words are longer than what is shown, but for empty ones
  const shown = argv.slice(0, LONGEST_COMMAND).map((word) => shownText(word, context.factsOf));
  const text = shown.join(' ');
  return `"${text.length > LONGEST_COMMAND ? `${text.slice(0, LONGEST_COMMAND - 1)}…` : text}"`;
}
