import { existsSync, readdirSync } from 'node:fs';

/** Whether a path stands for other files than itself. */
export function isPattern(path: string): boolean {
  return /[*?[]/.test(path);
}

/**
 * The files that a path with `*`, `?` or `[…]` stands for, in the order in which systemd reads them
 * (glob(7), bytewise); the path itself where it is none or where nothing matches.
 */
export function expandPattern(path: string): string[] {
  if (!isPattern(path)) return [path];
  const segments = path.split('/').slice(1);
  let found = [''];
  for (const segment of segments) found = found.flatMap((folder) => matchIn(folder, segment));
  return found.length === 0 ? [path] : found.sort((a, b) => (a < b ? -1 : 1));
}

function matchIn(folder: string, segment: string): string[] {
  if (!isPattern(segment)) {
    const path = `${folder}/${segment}`;
    return existsSync(path) ? [path] : [];
  }
  const pattern = toRegExp(segment);
  return listNames(folder === '' ? '/' : folder)
    .filter((name) => pattern.test(name) && (!name.startsWith('.') || segment.startsWith('.')))
    .map((name) => `${folder}/${name}`);
}

function listNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Several `*` in a row are one, so that none can make the match slow. */
function toRegExp(segment: string): RegExp {
  const pieces = segment.matchAll(/\*+|\?|\[([!^]?)(\]?[^\]]*)\]|\\?([^])/g);
  const source = Array.from(pieces, ([piece, not, set, plain]) => {
    if (piece.startsWith('*')) return '.*';
    if (piece === '?') return '.';
    if (set !== undefined) return `[${not === '' ? '' : '^'}${set.replace(/[\\\][^]/g, '\\$&')}]`;
    return (plain ?? '').replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  });
  return new RegExp(`^${source.join('')}$`, 'su');
}
