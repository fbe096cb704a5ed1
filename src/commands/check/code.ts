import type { Stats } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import type { Place } from './findings/risks.ts';
import { readFile } from '../../host/files/read.ts';
import { lstatPath, searchFolder } from '../../host/files/look.ts';
import { walkPath } from '../../host/files/walk.ts';
import type { ExecLine } from '../../targets/systemd/run-as.ts';

/** How many entries of the folders that a service runs code from are looked at. */
const MOST_ENTRIES = 3000;
const MOST_DEPTH = 8;
const SCRIPT = /\.(?:py|pyc|pth|so|sh|pl|rb)$/;

/** Options whose value is a config or a folder with code (Gunicorn, Celery). */
const CODE_OPTION = /^(?:-c|--config|--chdir|--pythonpath|--workdir|--reload-extra-file)$/;
/** Variables that say where code is found. */
const CODE_VARIABLES = ['PYTHONPATH', 'PATH', 'VIRTUAL_ENV', 'LD_PRELOAD', 'LD_LIBRARY_PATH'];

/** What leads to a path, as a place; null: it cannot be followed. */
export function toPlace(what: string, path: string): Place | null {
  try {
    return walkPath(path, ({ components }) => ({ what, path, way: [...components] }));
  } catch {
    return null;
  }
}

/** The programs, interpreters and scripts that commands name, and the virtual environments that these are of. */
export function findPrograms(lines: readonly ExecLine[], root: string): Place[] {
  const paths = new Map<string, string>();
  for (const { path, words } of lines) {
    const program = join(root, path);
    paths.set(program, 'program');
    const interpreter = readInterpreter(program);
    if (interpreter !== null) paths.set(join(root, interpreter), 'interpreter');
    words.forEach((word, index) => {
      const isValue = CODE_OPTION.test(words[index - 1] ?? '');
      const found = /^(?:-[\w-]+=)?["']?(\/[^"']+)/.exec(word)?.[1];
      if (found === undefined || index === 0) return;
      const named = join(root, found);
      const isOption = isValue || CODE_OPTION.test(word.split('=', 1)[0] ?? '');
      if (isOption || isScript(named)) paths.set(named, 'script');
    });
  }
  for (const path of [...paths.keys()]) {
    const folder = dirname(dirname(path));
    if (isThere(join(folder, 'pyvenv.cfg'))) paths.set(folder, 'virtual environment');
  }
  return [...paths].flatMap(([path, what]) => {
    const place = toPlace(what, path);
    const isFolder = what === 'script' && place?.way.at(-1)?.kind === 'folder';
    return place === null ? [] : [isFolder ? { ...place, what: 'folder' } : place];
  });
}

/** The folders that the variables of a command name. */
export function findFolders(variables: ReadonlyMap<string, string>, root: string): Place[] {
  return CODE_VARIABLES.flatMap((name) =>
    (variables.get(name) ?? '')
      .split(':')
      .filter((path) => isAbsolute(path) && isThere(join(root, path)))
      .flatMap((path) => toPlace(name, join(root, path)) ?? []),
  );
}

/**
 * Code within a folder of root's that is somebody else's: files, and folders that hold some. Only what root owns is looked
 * into, each folder before those in it, and no more than `MOST_ENTRIES`: what is not found is not vouched for.
 */
export function findForeignCode(folder: string): Place[] {
  const found: Place[] = [];
  const open: { path: string; depth: number }[] = [{ path: folder, depth: 0 }];
  let seen = 0;
  for (let next = open.shift(); next !== undefined; next = open.shift()) {
    for (const name of listNames(next.path, MOST_ENTRIES - seen)) {
      seen += 1;
      const path = join(next.path, name);
      const stat = tryLstat(path);
      if (stat === undefined) continue;
      if (stat.isDirectory() && isRoots(stat)) {
        if (next.depth < MOST_DEPTH) open.push({ path, depth: next.depth + 1 });
        continue;
      }
      const isCode = SCRIPT.test(name) || (!stat.isFile() && holdsCode(path));
      const place = isCode && !(stat.isFile() && isRoots(stat)) ? toPlace('code', path) : null;
      if (place !== null) found.push(place);
    }
  }
  return found;
}

/** Whether root alone can write it; of a link this says nothing. */
function isRoots(stat: Stats): boolean {
  const others = stat.isDirectory() && stat.gid === 0 ? 0o002 : 0o022;
  return stat.uid === 0 && (stat.mode & others) === 0;
}

/** Whether a folder, or one that a link leads to, has code right in it. */
function holdsCode(path: string): boolean {
  return listNames(path, 1000).some((name) => SCRIPT.test(name));
}

function listNames(folder: string, most: number): string[] {
  const names: string[] = [];
  try {
    searchFolder(folder, ({ name }) => {
      if (names.length >= most) return true;
      names.push(name);
      return null;
    });
  } catch {
    // it is none, it is gone, it may not be read, or its file system may not answer
  }
  return names;
}

function tryLstat(path: string): Stats | undefined {
  try {
    return lstatPath(path);
  } catch {
    return undefined;
  }
}

/** Whether a file is run: by its name, or because it may be executed. */
function isScript(path: string): boolean {
  if (basename(path).startsWith('.')) return false;
  const found = look(path);
  return found !== null && found.isFile && (SCRIPT.test(path) || (found.mode & 0o111) !== 0);
}

function isThere(path: string): boolean {
  return look(path) !== null;
}

function look(path: string): { isFile: boolean; mode: number } | null {
  try {
    return walkPath(path, ({ below, file, components }) =>
      file === null && below.length > 0
        ? null
        : { isFile: file !== null, mode: components.at(-1)?.mode ?? 0 },
    );
  } catch {
    return null;
  }
}

/** What the first line of a script names; null: nothing, or it is no script. */
function readInterpreter(path: string): string | null {
  const found = readFile(path);
  if (!('bytes' in found)) return null;
  return /^#! *(\/[^\s]+)/.exec(found.bytes.subarray(0, 256).toString('latin1'))?.[1] ?? null;
}
