import { closeSync, fstatSync, opendirSync, type Dirent, type Stats } from 'node:fs';
import { basename, dirname } from 'node:path';
import { HOST, inFolder, naming, openIn, walkPath, type OpenFolder } from './walk.ts';

/** What a path leads to, links followed; undefined: nothing is there. @throws NodeJS.ErrnoException as `walkPath` */
export function statPath(path: string): Stats | undefined {
  return walkPath(path, ({ file, folder, below }) => {
    if (file !== null) return file.stat;
    return below.length > 0 ? undefined : fstatSync(folder.fd);
  });
}

/** As `statPath`, but a link in the end is a link. @throws NodeJS.ErrnoException as `walkPath` */
export function lstatPath(path: string, root = HOST): Stats | undefined {
  return walkPath(
    dirname(path),
    ({ folder, file, below }) =>
      file === null && below.length === 0 ? lstatIn(folder, basename(path), root) : undefined,
    root,
  );
}

/**
 * What has a name in an open folder, a link being a link; undefined: nothing has. Nothing waits for its file system.
 *
 * @throws NodeJS.ErrnoException
 */
export function lstatIn(folder: OpenFolder, name: string, root = HOST): Stats | undefined {
  return useIn(folder, name, ({ stat }) => stat, root);
}

/** As `lstatIn`, but what is there is also open (O_PATH) while it is used. */
export function useIn<T>(
  folder: OpenFolder,
  name: string,
  use: (found: { fd: number; stat: Stats }) => T,
  { guard } = HOST,
): T | undefined {
  const found = openIn(folder, name, guard);
  if (found === null) return undefined;
  try {
    return use({ fd: found.fd, stat: fstatSync(found.fd) });
  } finally {
    closeSync(found.fd);
  }
}

/** Goes through the names in a folder until `use` answers something; null: it has not, or it is no folder. @throws as `walkPath` */
export function searchFolder<T>(
  path: string,
  use: (entry: Dirent, folder: OpenFolder) => T | null,
): T | null {
  return walkPath(path, ({ folder, file, below }) => {
    if (file !== null || below.length > 0) return null;
    const open = naming(path, () => opendirSync(inFolder(folder, '.')));
    try {
      for (let entry = open.readSync(); entry !== null; entry = open.readSync()) {
        const found = use(entry, folder);
        if (found !== null) return found;
      }
    } finally {
      open.closeSync();
    }
    return null;
  });
}
