import { closest, distance } from 'fastest-levenshtein';

/** The known name that one is most likely a misspelling of, or those that it may be short for; none where nothing is near. */
export function findNearNames(name: string, known: readonly string[]): string[] {
  const written = formOf(name);
  const near = closest(written, known.map(formOf));
  return distance(written, near) <= allowedFor(near)
    ? known.filter((candidate) => formOf(candidate) === near)
    : known.filter((candidate) => isShortened(written, formOf(candidate)));
}

/** Whether `written` is, but for a slip, the start or the end of `full`, or stands within it, or it within `written`. */
function isShortened(written: string, full: string): boolean {
  if (full.includes(written)) return written.length >= 2;
  // a name of two letters stands within many others
  if (written.includes(full)) return full.length >= 3;
  if (written.length < 6) return false;
  const parts = [full.slice(0, written.length), full.slice(-written.length)];
  return parts.some((part) => distance(written, part) <= allowedFor(written));
}

/** How many letters may differ: of one or two none, since they would be other names. */
function allowedFor(text: string): number {
  return text.length < 3 ? 0 : Math.max(1, Math.floor(text.length / 4));
}

/** A name without what people write in one way or another. */
export function formOf(text: string): string {
  return text.toLowerCase().replaceAll(/[-_ ]/g, '');
}
