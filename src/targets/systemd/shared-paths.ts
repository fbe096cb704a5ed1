import { basename } from 'node:path';
import { EXIT, UserError } from '../../errors.ts';
import { judgePath } from '../../host/files/judge.ts';
import { joinCalls } from '../../host/join-calls.ts';
import { expandPattern } from './patterns.ts';
import { parseShow, readEnvironmentFiles, readPaths, readValue } from './show.ts';
import { firstLine, runSystemctl } from './systemctl.ts';
import type { UnitState } from '../../model/unit-state.ts';
import { isUnitName } from './units.ts';

const PROPERTIES = ['Id', 'LoadState', 'FragmentPath', 'DropInPaths', 'EnvironmentFiles'];
const TIMEOUT_MS = 20_000;

/**
 * Which services, loaded or installed, are made of these files (main file, drop-in or environment
 * file), by path. Links are followed: two names of one file are one. Costs two calls of systemctl and
 * makes systemd load what is installed, so only for a change.
 *
 * @throws UserError failed where systemd does not answer
 */
export async function unitsUsingPaths(paths: string[]): Promise<Map<string, string[]>> {
  const users = new Map<string, Set<string>>();
  for (const path of paths) users.set(followLinks(path), new Set());
  const names = await listInstalledServices();
  // the pattern adds what is loaded and has no file of its own, such as a template's instance
  const show = ['show', `--property=${PROPERTIES.join(',')}`, '--', '*.service', ...names];
  for (const unit of parseShow(await ask(show), PROPERTIES)) {
    if (readValue(unit, 'LoadState') === 'masked') continue;
    const used = [
      readValue(unit, 'FragmentPath') ?? '',
      ...readPaths(unit, 'DropInPaths'),
      ...readEnvironmentFiles(unit).flatMap(({ path }) => expandPattern(path) ?? []),
    ];
    for (const path of used) users.get(followLinks(path))?.add(readValue(unit, 'Id') ?? '');
  }
  return new Map(paths.map((path) => [path, [...(users.get(followLinks(path)) ?? [])].sort()]));
}

/** Changes side by side ask for theirs together. */
const askTogether = joinCalls((asked: string[][]) => unitsUsingPaths([...new Set(asked.flat())]));

/** The files of a unit that another unit uses too. @throws UserError as above */
export async function findSharedPaths(unit: UnitState): Promise<Set<string>> {
  const paths = [
    ...(unit.fragmentPath === null ? [] : [unit.fragmentPath]),
    ...unit.dropInPaths,
    ...unit.environmentFiles.map(({ path }) => path),
  ].filter((path) => !isOwnByName(path, unit.id));
  if (paths.length === 0) return new Set();
  const users = await askTogether(paths);
  return new Set(paths.filter((path) => users.get(path)?.some((id) => id !== unit.id)));
}

/** A main file or drop-in that has the unit's name, and is no link to a file that may have other names. */
function isOwnByName(path: string, id: string): boolean {
  const own = [`/${id}`, `/${id}.d/${basename(path)}`];
  return followLinks(path) === path && own.some((end) => path.endsWith(end));
}

async function listInstalledServices(): Promise<string[]> {
  const answer = await ask([
    'list-unit-files',
    '--type=service',
    '--no-legend',
    '--plain',
    '--full',
  ]);
  return answer
    .split('\n')
    .map((line) => line.split(' ', 1)[0] ?? '')
    .filter(isUnitName);
}

async function ask(args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runSystemctl(args, TIMEOUT_MS);
  if (exitCode === 0) return stdout;
  throw new UserError(EXIT.failed, `systemctl ${args[0] ?? ''}: ${firstLine(stderr)}`);
}

function followLinks(path: string): string {
  return judgePath(path).path;
}
