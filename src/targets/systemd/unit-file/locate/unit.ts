import { TooMuch } from '../../../../kinds/command/budget.ts';
import { whereIs } from '../../../../kinds/command/chars.ts';
import { kindNamed } from '../../../../kinds/registry.ts';
import { isOpaque, noWorker, startOf } from './no-worker.ts';
import type { Program } from '../../../../kinds/command/program.ts';
import { findPrograms } from './programs.ts';
import { readEnvironment } from './environment.ts';
import type { Setting, VariableSite } from './environment.ts';
import { execStartLines, readCommands } from '../syntax/exec-start.ts';
import { parseUnit } from '../syntax/parse.ts';
import type { Reading } from '../../../../kinds/command/reading.ts';
import { CHECK_NAME, refuse } from './refuse.ts';
import type { Refusal } from '../../../../kinds/command/source.ts';
import type { UnitSources } from '../syntax/types.ts';
import { Malformed } from '../syntax/words.ts';

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

/** Reads a unit as systemd merges it, down to its worker command. Never fails. */
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
    `${unit}: its files, or its variables once expanded, exceed the limits for a unit`,
    'look at its files: systemctl cat; the limits are in docs/units.md',
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

/** `ofKind`: what the config says of a program that does not show what it is. */
function readProgram(program: Program, { kind: ofKind, cpus }: UnitSources): Reading {
  const { kind, argv, context, own } = program;
  if (own !== undefined && ofKind !== undefined)
    return kindNamed(ofKind).command.readOwn(own, context, cpus);
  return kindNamed(kind ?? '').command.read(argv, context, cpus);
}

function onlyWorker(programs: Program[], sources: UnitSources): Program | Refusal {
  const workers = programs.filter(({ is }) => is === 'worker');
  const [worker, second] = workers;
  if (worker && second)
    return refuse(
      workers.every(({ kind }) => kind === worker.kind) ? worker.kind : null,
      'ambiguous',
      `${whereIs(startOf(second))}: the unit runs a second worker command (the first: ${whereIs(startOf(worker))})`,
      'give each of them a unit of its own',
    );
  if (!worker) return declaredWorker(programs, sources) ?? noWorker(programs, sources);
  const { kind } = sources;
  if (kind === undefined || kind === worker.kind) return worker;
  return refuse(
    worker.kind,
    'kind_differs',
    `${whereIs(startOf(worker))}: the config says "kind": "${kind}", but ExecStart runs ${worker.kind}`,
    `remove "kind", or set it to "${worker.kind}"`,
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
