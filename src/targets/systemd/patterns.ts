import { searchFolder, statPath } from '../../host/files/look.ts';

/** Far above what anybody names by a pattern; whoever owns the folder could make millions. */
const MOST_FILES = 100;
const MOST_NAMES = 10_000;

/** Whether a path stands for other files than itself. */
function isPattern(path: string): boolean {
  return /[*?[]/.test(path);
}

/**
 * The files that a path with `*`, `?` or `[…]` stands for, in the order in which systemd reads them
 * (glob(7), bytewise); the path itself, without the backslashes of a pattern, where it is none, or where nothing matches. null: they are more than 100, or in
 * folders with more than 10,000 names.
 */
export function expandPattern(path: string): string[] | null {
  if (!isPattern(path)) return [path.replace(/\\(.)/g, '$1')];
  const segments = path.split('/').slice(1);
  let found = [''];
  for (const segment of segments) {
    const next: string[] = [];
    for (const folder of found) {
      const matches = matchIn(folder, segment);
      if (matches === null || next.length + matches.length > MOST_FILES) return null;
      next.push(...matches);
    }
    found = next;
  }
  return found.length === 0 ? [path] : found.sort((a, b) => (a < b ? -1 : 1));
}

function matchIn(folder: string, segment: string): string[] | null {
  if (!isPattern(segment)) {
    const path = `${folder}/${segment}`;
    return isThere(path) ? [path] : [];
  }
  const matches = toMatcher(segment);
  return (
    listNames(folder === '' ? '/' : folder)
      ?.filter((name) => matches(name) && (!name.startsWith('.') || segment.startsWith('.')))
      .map((name) => `${folder}/${name}`) ?? null
  );
}

function isThere(path: string): boolean {
  try {
    return statPath(path) !== undefined;
  } catch {
    return false;
  }
}

/** null: too many. */
function listNames(path: string): string[] | null {
  try {
    const names: string[] = [];
    const isTooMuch = searchFolder(path, ({ name }) => {
      if (names.length === MOST_NAMES) return true;
      names.push(name);
      return null;
    });
    return isTooMuch === true ? null : names;
  } catch {
    return [];
  }
}

/** What one piece of a pattern takes: any characters, or one of a kind. */
type Piece = 'any' | ((character: string) => boolean);

/** Goes back to the last `*` alone, so that none can make the match slow. */
function toMatcher(segment: string): (name: string) => boolean {
  const pieces = toPieces(segment);
  return (name) => {
    const characters = Array.from(name);
    let piece = 0;
    let star: { piece: number; at: number } | null = null;
    for (let at = 0; at < characters.length;) {
      const expected = pieces[piece];
      if (expected === 'any') star = { piece: ++piece, at };
      else if (expected?.(characters[at] ?? '') === true) {
        piece++;
        at++;
      } else if (star !== null) {
        piece = star.piece;
        at = ++star.at;
      } else return false;
    }
    return pieces.slice(piece).every((left) => left === 'any');
  };
}

function toPieces(segment: string): Piece[] {
  const found = segment.matchAll(/\*|\?|\[([!^]?)(\]?[^\]]*)\]|\\?([^])/gu);
  return Array.from(found, ([piece, not, set, plain]): Piece => {
    if (piece === '*') return 'any';
    if (piece === '?') return () => true;
    if (set === undefined) return (character) => character === plain;
    const source = `[${not === '' ? '' : '^'}${set.replace(/[\\\][^]/g, '\\$&')}]`;
    const expected = toRegExp(source);
    return (character) => expected?.test(character) === true;
  });
}

/** null: a range the wrong way round, which stands for nothing. */
function toRegExp(source: string): RegExp | null {
  try {
    return new RegExp(`^${source}$`, 'su');
  } catch {
    return null;
  }
}
