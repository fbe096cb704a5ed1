import { readdirSync, readlinkSync } from 'node:fs';

/**
 * What this process has open at these places, below them and on the way to them, as paths. Whatever else it opens and
 * closes meanwhile (pipes of the test runner, a module that is loaded) does not count.
 */
export function listOpen(...places: string[]): string[] {
  const isIn = (path: string, folder: string): boolean =>
    path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);
  return readdirSync('/proc/self/fd')
    .flatMap((fd) => readLink(`/proc/self/fd/${fd}`))
    .filter((path) => places.some((place) => isIn(path, place) || isIn(place, path)))
    .toSorted();
}

function readLink(path: string): string[] {
  try {
    return [readlinkSync(path)];
  } catch {
    // the one that listed them
    return [];
  }
}
