import type { Refusal } from '../../../kinds/command/source.ts';
import type { FileChange } from '../../../model/change.ts';
import { applySplices } from '../../../model/splice.ts';
import type { Location } from './syntax/types.ts';

/** Where the number stands, and each file as read, by path; a path that is not in `texts` does not exist. */
export interface NumberInput {
  location: Exclude<Location, Refusal>;
  texts: ReadonlyMap<string, string>;
  to: number;
  /** the service that runs; null: it does not */
  running: string | null;
}

/** The edits that set `to`, and what people must know of them besides (null: nothing). */
export function setNumber({ location, texts, to, running }: NumberInput): {
  files: FileChange[];
  note: string | null;
} {
  const files = planFiles(location, texts, to);
  // the edit of somebody else is put into force by whoever made it
  const isRenewal = location.workers === to && files.length > 0;
  return { files, note: noteOf(location, isRenewal ? running : null) };
}

/** Said once: the next change finds our drop-in as it is to be. `left`: the service that runs and is left alone. */
function noteOf(location: NumberInput['location'], left: string | null): string | null {
  if (location.how === 'splice') return null;
  if (location.stale) {
    const follows = `${location.path} is updated to what has changed below it`;
    const how =
      left === null
        ? ''
        : `, which takes effect when the service restarts (systemctl restart ${left})`;
    return `${follows}${how}`;
  }
  if (location.overrules === null) return null;
  return `from now on our drop-in sets the number; what ${location.overrules.replace(/,$/, '')} says of the workers no longer counts`;
}

/**
 * The edit that sets `to` where `location` says that the number stands; none where it is `to` already, unless our
 * drop-in is to follow what has changed below it.
 */
function planFiles(
  location: NumberInput['location'],
  texts: ReadonlyMap<string, string>,
  to: number,
): FileChange[] {
  if (location.workers === to && (location.how === 'splice' || !location.stale)) return [];
  const change = (path: string, after: string | null): FileChange => ({
    ...{ path, before: texts.get(path) ?? null, after },
  });
  const { path } = location;
  if (location.how === 'splice') {
    return changed([
      change(path, applySplices(texts.get(path) ?? '', [{ ...location, insert: String(to) }])),
    ]);
  }
  const { environment, replaces } = location;
  const named = environment?.text?.(to) ?? null;
  const ours = environment === undefined ? [] : [change(environment.path, named)];
  const dropIn = change(path, location.text(to));
  const older = replaces.map((each) => change(each, null));
  // never a drop-in that names a file which is not there
  return changed(named === null ? [dropIn, ...older, ...ours] : [...ours, dropIn, ...older]);
}

function changed(files: FileChange[]): FileChange[] {
  return files.filter(({ before, after }) => before !== after);
}
