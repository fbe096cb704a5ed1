import { NOTHING, OPAQUE, whereIs } from '../../../../kinds/command/chars.ts';
import type { Span } from '../../../../kinds/command/chars.ts';
import { dropInWays, isStale, namesEnvironmentFiles, repeatsCommand, textsOf } from '../drop-in.ts';
import type { DropInWay } from '../drop-in.ts';
import { ourEnvironmentPath } from '../our-files.ts';
import {
  findOurs,
  isOurs,
  laterThan,
  ourPlaces,
  whyNotOwn,
  withoutOurs,
  withOurs,
} from '../ownership.ts';
import { kindNamed } from '../../../../kinds/registry.ts';
import type { KindName } from '../../../../model/types.ts';
import type { Concurrency } from '../../../../kinds/shared/concurrency.ts';
import { START_ITSELF } from './no-worker.ts';
import { numberIn } from '../../../../kinds/command/reading.ts';
import type { Reading } from '../../../../kinds/command/reading.ts';
import { isShown } from '../../../../kinds/command/shown.ts';
import type { Refusal, SourceFile } from '../../../../kinds/command/source.ts';
import type { CommandFacts, CommandWords, Location, UnitSources } from '../syntax/types.ts';
import { refuse } from './refuse.ts';
import { readUnit } from './unit.ts';
import type { UnitReading } from './unit.ts';

/**
 * Where a unit's number of workers stands and how to change it: in place where it is text of a file that
 * is the unit's own, by our drop-in where it is not or where there is no number, else refused with the
 * reason. Never throws; whatever is not understood is refused.
 */
export function locateWorkers(sources: UnitSources): Location {
  const unit = readNumber(sources);
  if (unit.how === 'refused') return unit;
  const { reading, workers, place } = unit;
  if (!place || isOurs(place.file.path, sources) || whyNotInPlace(unit, sources) !== null)
    return byDropIn(sources, unit);
  const { file, start, end } = place;
  const what = describe(unit, place);
  return { how: 'splice', kind: reading.kind, workers, path: file.path, start, end, what };
}

/** What the unit's command says of the pool; null where there is no single worker command. */
export function readCommandFacts(sources: UnitSources): CommandFacts | null {
  const unit = readUnit(sources);
  if (unit.how === 'refused') return null;
  const { kind, pool, embeddedBeat } = unit.reading;
  return { kind, pool, embeddedBeat };
}

/** How a unit's Gunicorn workers serve requests, as it is told; null where there is no single such command. */
export function readConcurrency(sources: UnitSources): Concurrency | null {
  const unit = readUnit(sources);
  return unit.how === 'refused' ? null : (unit.reading.concurrency?.() ?? null);
}

/** The worker command of a unit as its files have it, for what they alone say; null where there is no single one. */
export function readCommandWords(sources: UnitSources): CommandWords | null {
  const unit = readUnit(sources);
  if (unit.how === 'refused') return null;
  const { argv, context } = unit.program;
  const variables = [...context.env.vars].flatMap(([name, value]): [string, string][] =>
    value === 'unknown' || value.text.includes(OPAQUE) ? [] : [[name, value.text]],
  );
  return { words: argv.map(({ text }) => text), variables: new Map(variables) };
}

interface NumberReading extends UnitReading {
  workers: number;
  /** why it is not known while the service does not run; null: it is */
  whenDown: Refusal | null;
  /** where the number stands; null: nowhere */
  place: Span | null;
}

/** The unit and the number in force, or why there is none to be had. */
function readNumber(sources: UnitSources): NumberReading | Refusal {
  const unit = readUnit(sources);
  if (unit.how === 'refused') return unit;
  const { kind, problem, count, fallback, elsewhere, zero } = unit.reading;
  if (problem) {
    const where = problem.at ? `${whereIs(problem.at)}: ` : '';
    return refuse(kind, problem.code, `${where}${problem.message}`, problem.hint);
  }
  if (!count) {
    const whenDown = fallback === null ? onlyWhileItRuns(kind, elsewhere ?? '') : null;
    return { ...unit, workers: fallback ?? 1, whenDown, place: null };
  }
  const number = numberIn(count.chars);
  if (!number) return notANumber(unit.reading, sources);
  return { ...unit, workers: number.value || zero, whenDown: null, place: number.place };
}

function onlyWhileItRuns(kind: KindName, elsewhere: string): Refusal {
  return refuse(
    kind,
    'config_file',
    `${elsewhere} may set the workers, and how many that gives is only known while the service runs`,
    `start the service, or set the number in the unit: ${kindNamed(kind).command.setInUnit}`,
  );
}

function notANumber({ kind, count, insertAfter }: Reading, sources: UnitSources): Refusal {
  const first = count?.chars.runs[0];
  const last = count?.chars.runs.at(-1);
  const isOnePiece = first && first.file === last?.file && first.start <= last.start;
  const found = isOnePiece
    ? first.file.text.slice(first.start, last.end)
    : (count?.chars.text ?? '');
  const mayShow = isShown(count?.chars ?? NOTHING, sources.factsOf);
  const what = mayShow ? `"${found}"` : 'something else';
  return refuse(
    kind,
    'not_a_number',
    `${whereIs(first ?? insertAfter.first)}: expected a number for ${count?.flag ?? ''}, found ${what}`,
    `write a plain number, such as ${kindNamed(kind).words.option}, in ExecStart`,
  );
}

/** For people: `--workers in ExecStart`, `CELERYD_OPTS in /etc/default/celery`. */
function describe({ reading, sites }: UnitReading, place: Span): string {
  const site = sites.find(
    ({ file, start, end }) => file === place.file && start <= place.start && place.end <= end,
  );
  if (!site) return `${reading.count?.flag ?? ''} in ExecStart`;
  return `${site.name} in ${site.word ? 'Environment' : site.file.path}`;
}

/** Why the number cannot be edited where it stands; null: it can. */
function whyNotInPlace({ reading, place }: NumberReading, sources: UnitSources): string | null {
  if (!place) {
    return reading.elsewhere === null
      ? `${sources.unit} sets no number of workers`
      : `${reading.elsewhere} sets the workers, or may`;
  }
  if (reading.usedElsewhere) return `the number also stands for something else in the command`;
  return whyNotOwn(place.file.path, sources);
}

/** Our drop-in, made from the other files, so that an edit of theirs is never frozen away. */
function byDropIn(sources: UnitSources, inForce: NumberReading): Location {
  const ours = findOurs(sources);
  const base = readNumber(withoutOurs(sources));
  if (base.how === 'refused') return ours && repeatsCommand(ours) ? withLeftover(base, ours) : base;
  const [usual] = ourPlaces(sources);
  const { foreign } = sources.factsOf(usual ?? '');
  if (foreign !== null) return noPlace(usual ?? '', foreign, base);
  const found = findWay(sources, base, inForce.workers + 1);
  if (!found) return noWay(sources, base);
  const { way, path } = found;
  const namesFile = way.forWorkers(0).environment !== null;
  const environment = (workers: number): string =>
    textsOf(sources.unit, way, workers).environment ?? '';
  const isInForce = inForce.place !== null && isOurs(inForce.place.file.path, sources);
  return {
    how: 'drop_in',
    kind: inForce.reading.kind,
    workers: inForce.workers,
    path,
    text: (workers) => textsOf(sources.unit, way, workers).text,
    ...(namesFile || sources.ourEnvironment !== null
      ? {
          environment: {
            path: ourEnvironmentPath(sources.unit),
            text: namesFile ? environment : null,
          },
        }
      : {}),
    replaces: sources.dropIns
      .filter((file) => isOurs(file.path, sources) && file.path !== path)
      .map((file) => file.path),
    stale: isInForce && ours !== null && isStale(ours, way, inForce.workers),
    why: whyNotInPlace(base, sources) ?? `${path} already exists and comes later`,
    assumed: inForce.place === null && (inForce.reading.isAssumed || inForce.whenDown !== null),
    whenDown: inForce.whenDown,
    overrules: inForce.place === null ? inForce.reading.elsewhere : null,
  };
}

/** The gentlest way that wins, tried on the unit as systemd would merge it; a place where ours is not the last comes first. */
function findWay(
  sources: UnitSources,
  base: NumberReading,
  probe: number,
): { way: DropInWay; path: string } | null {
  const places = ourPlaces(sources).map((path) => ({ path, later: laterThan(path, sources) }));
  for (const way of dropInWays(base, base.place, sources)) {
    const { text, environment } = textsOf(sources.unit, way, probe);
    for (const { path, later } of places) {
      if (environment !== null && later.some(namesEnvironmentFiles)) continue;
      const after = readNumber(withOurs(sources, { path, text }, environment));
      if (after.how === 'read' && after.workers === probe && after.place !== null)
        return { way, path };
    }
  }
  return null;
}

/** What stands in the way, and that our drop-in goes on with what was there before. */
function withLeftover(refusal: Refusal, { path }: SourceFile): Refusal {
  return refuse(
    refusal.kind,
    refusal.code,
    `${refusal.message}; ${path} still repeats the previous command`,
    `${refusal.hint}; autoscaler rollback removes our drop-in`,
  );
}

function noPlace(path: string, foreign: string, { reading }: NumberReading): Refusal {
  return refuse(
    reading.kind,
    'foreign',
    `${path}: ${foreign}, and root writes only where nobody else can`,
    'make that owned by root, with mode 0755 for a folder and 0644 for a file',
  );
}

function noWay(sources: UnitSources, base: NumberReading): Refusal {
  const { kind, insertAfter } = base.reading;
  const later = laterThan(ourPlaces(sources).at(-1) ?? '', sources).at(-1);
  if (later)
    return refuse(
      kind,
      'overridden_later',
      `${later.path} comes after our drop-in and sets the workers`,
      `set the number there, or give the file a name that begins with a digit or a letter`,
    );
  const decides = base.place?.file.path;
  const foreign = decides === undefined ? null : sources.factsOf(decides).foreign;
  if (decides !== undefined && foreign !== null)
    return refuse(
      kind,
      'foreign',
      `${decides} sets the workers and is not root's alone: ${foreign}; no drop-in of root's comes after it`,
      'put the number into ExecStart itself, or into a file of root’s',
    );
  return refuse(
    kind,
    'opaque_script',
    `${whereIs(insertAfter.first)}: the command is put together in a way that no drop-in can extend`,
    START_ITSELF,
  );
}
