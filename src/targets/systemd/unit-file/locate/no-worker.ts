import { OPAQUE, whereIs, type Word } from '../../../../kinds/command/chars.ts';
import type { Kind } from '../../../../kinds/kind.ts';
import { KIND_NAMES, kindNamed, KINDS, namesKind } from '../../../../kinds/registry.ts';
import type { Context, Program } from '../../../../kinds/command/program.ts';
import { CHECK_NAME, refuse } from './refuse.ts';
import { isShown, shownText } from '../../../../kinds/command/shown.ts';
import type { Refusal } from '../../../../kinds/command/source.ts';
import type { UnitSources } from '../syntax/types.ts';

/** For a program of a project's own. */
const OR_KIND = `; if this program is one, set "kind": ${KIND_NAMES.map((name) => `"${name}"`).join(' or ')} in the config`;

/** Of a command that a refusal quotes, UTF-16 units. */
const LONGEST_COMMAND = 60;

/** `gunicorn or "celery worker"`. */
const COMMANDS = KINDS.map(({ words: { command } }) =>
  command.includes(' ') ? `"${command}"` : command,
).join(' or ');

/** How to start what is started in a way that cannot be read. */
export const START_ITSELF = `start ${COMMANDS} in ExecStart itself`;

/** Why none of the programs of a unit is a worker, and what helps. */
export function noWorker(programs: Program[], sources: UnitSources): Refusal {
  const { unit } = sources;
  const aside = programs.find(({ is }) => is === 'aside');
  const what = kindOf(aside)?.command.aside ?? null;
  if (aside && what)
    return refuse(
      aside.kind,
      what.code,
      `${whereIs(startOf(aside))}: ${textOf(aside)} ${what.are}`,
      what.hint,
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
      `${whereIs(startOf(opaque))}: expected a ${KIND_NAMES.join(' or ')} command, found ${textOf(opaque)}, whose content is unknown${whose(opaque, sources)}`,
      `${START_ITSELF}${OR_KIND}`,
    );
  return refuse(
    null,
    'not_gunicorn_or_celery',
    `${whereIs(startOf(program))}: expected a ${KINDS.map(({ words }) => words.command).join(' or ')} command, found ${textOf(program)}`,
    `name a unit that runs ${KINDS.map(({ words }) => words.service).join(' or ')}${OR_KIND}`,
  );
}

/** A script or program from outside the system's folders, an interpreter, or one that is given a worker's name. */
export function isOpaque({ is, argv }: Program): boolean {
  const path = argv[0]?.text ?? '';
  return (
    is === 'unknown' &&
    (/\.(?:sh|bash|py|pl|rb)$/.test(path) ||
      /(?:^|\/)(?:(?:[bdkaz]|ba|da)?sh|(?:python|pypy)[\d.]*)$/.test(path) ||
      !/^(?:\/usr)?\/s?bin\/|^[^/\s]+$/.test(path) ||
      argv.some(({ text }) => namesKind(text) || text.includes(OPAQUE)))
  );
}

function kindOf(program: Program | undefined): Kind | null {
  return program?.kind ? kindNamed(program.kind) : null;
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

/** Where a command begins. */
export function startOf(program: { argv: Word[]; context: Context }): Word['first'] {
  const [first] = program.argv;
  if (!first) throw new RangeError('a command has at least its name');
  return first.first;
}
