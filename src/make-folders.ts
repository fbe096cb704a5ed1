import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder and those above it. Answers the uppermost that it made; undefined: all were there. Node's own way
 * (`recursive`) never ends where a folder takes no new ones and says ENOENT, as /proc does: it tries again for as long as
 * the folder above is there (seen with Node 20.20).
 *
 * @throws NodeJS.ErrnoException
 */
export function makeFolders(path: string, mode: number): string | undefined {
  try {
    return makeFolder(path, mode) ? path : undefined;
  } catch (error) {
    const above = dirname(path);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || above === path) throw error;
    const first = makeFolders(above, mode);
    return makeFolder(path, mode) ? (first ?? path) : first;
  }
}

/** false: it was there. */
function makeFolder(path: string, mode: number): boolean {
  // mostly it is: then there is no error to be made and caught
  if (isFolder(path)) return false;
  try {
    mkdirSync(path, { mode });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' && isFolder(path)) return false;
    throw error;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
