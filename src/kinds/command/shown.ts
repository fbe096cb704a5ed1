import { OPAQUE } from './chars.ts';
import type { Chars } from './chars.ts';
import type { FileFacts, SourceFile } from './source.ts';

/** What stands in a message for what is not known, or not shown. */
const LEFT_OUT = '…';

/**
 * A text for people, without what comes from files that are not root's alone: whoever owns one can make it a link to what
 * only root may read.
 */
export function shownText({ text, runs }: Chars, factsOf: (path: string) => FileFacts): string {
  const foreign = new Map<SourceFile, boolean>();
  let shown = '';
  for (const { file, at, length } of runs) {
    const isForeign = foreign.get(file) ?? factsOf(file.path).foreign !== null;
    foreign.set(file, isForeign);
    if (!isForeign) shown += text.slice(at, at + length);
    else if (!shown.endsWith(LEFT_OUT)) shown += LEFT_OUT;
  }
  return shown.replaceAll(OPAQUE, LEFT_OUT);
}

/** Whether all of a text may be shown. */
export function isShown({ runs }: Chars, factsOf: (path: string) => FileFacts): boolean {
  const files = new Set(runs.map(({ file }) => file));
  return [...files].every(({ path }) => factsOf(path).foreign === null);
}
