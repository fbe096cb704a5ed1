import { applySplices } from '../model/splice.ts';
import { join } from 'node:path';
import { EXIT, UserError } from '../errors.ts';
import { readFile, shortReason } from '../host/files/read.ts';
import { decodeText } from '../host/files/text.ts';
import { judgePath } from '../host/files/judge.ts';
import { toUserError } from '../host/fault.ts';
import type { UnitState } from '../model/unit-state.ts';
import type { LocateAfter, Located } from '../targets/target.ts';
import { sha256 } from './journal/sha256.ts';
import { changesFolder, readCopyIn } from './journal/journal.ts';
import type { FileRecord, Manifest } from './journal/manifest.ts';
import { planRollback, type LiveQuestion } from './plan.ts';
import type { FileChange } from '../model/change.ts';
import type { Plan } from './types.ts';
import { isRunning } from '../model/unit-state.ts';

/** What a rollback of one service starts from. */
export interface RollbackQuestion {
  backupDir: string;
  unit: UnitState;
  /** the changes to take back, oldest first; never empty */
  changes: Manifest[];
  /** running workers now; null: not known */
  running: number | null;
  live: LiveQuestion;
  /**
   * Where the number stands once `files` are as they are to be. A path in `asUsers` is taken for a
   * file of the user's own, also where it is our drop-in: it was edited by hand.
   */
  locate: LocateAfter;
}

/** The plan, and what people must know of it. */
export interface RollbackAnswer {
  plan: Plan;
  notes: string[];
}

/**
 * Takes changes of one service back. A file that nobody but us has touched becomes, byte for byte,
 * what it was before the first of them; in one that somebody else has edited since, only the number is
 * put back and their edit stays.
 */
export function planServiceRollback(question: RollbackQuestion): RollbackAnswer {
  const { changes, unit, locate, running } = question;
  const [first] = changes;
  const last = changes.at(-1);
  if (first === undefined || last === undefined) throw new Error('no change to roll back');
  const { files, edited, notes } = restoreWhole(question);
  for (const path of edited) {
    const number = restoreNumber(path, first.from, locate(files, [path]));
    files.push(...number.files);
    notes.push(number.note);
  }
  const now = locate([], []);
  const then = locate(files, edited);
  const from = now.how === 'refused' ? last.to : now.workers;
  // where the number is set outside of the unit, it is what it was
  const isKnown = then.how !== 'refused' && !then.assumed;
  const to = isKnown ? then.workers : first.from;
  if (to !== first.from) {
    notes.push(`the number in effect is now ${to}, set elsewhere in the unit; it is left as it is`);
  }
  const resize = isRunning(unit) && (from !== to || (running !== null && running !== to));
  const plan = planRollback({
    ...{ service: last.service, project: last.project, kind: last.kind, from, to, files, resize },
    live: question.live,
    undoes: changes.map(({ id }) => id),
    folders: changes.flatMap((change) => change.files.flatMap((file) => file.made_folder ?? [])),
    countable: last.countable && then.how !== 'refused',
    reason:
      changes.length === 1
        ? `rollback of the change of ${first.at}`
        : `rollback of ${changes.length} changes since ${first.at}`,
  });
  return { plan, notes };
}

interface Restore {
  files: FileChange[];
  edited: string[];
  notes: string[];
}

function restoreWhole({ changes, backupDir }: RollbackQuestion): Restore {
  const answer: Restore = { files: [], edited: [], notes: [] };
  for (const path of new Set(changes.flatMap(({ files }) => files.map((file) => file.path)))) {
    const touching = changes.flatMap((change) =>
      change.files.filter((file) => file.path === path).map((file) => ({ change, file })),
    );
    const [first] = touching;
    const last = touching.at(-1);
    if (first === undefined || last === undefined) continue;
    const now = readNow(path, first);
    const hash = now === null ? null : sha256(now);
    const isOurs = touching.length === 1 || last.file.ours_alone;
    if (hash === first.file.sha256_before) continue;
    if (now !== null) requireOurs(path, first, backupDir);
    if (now === null && last.file.sha256_after !== null) {
      answer.notes.push(`${path} has since been removed and stays removed`);
    } else if (hash === last.file.sha256_after && isOurs) {
      const after = readBackup(first, backupDir);
      answer.files.push({ path, before: now === null ? null : decodeText(now), after });
    } else {
      answer.edited.push(path);
    }
  }
  // what was written last may name what was written before
  answer.files.reverse();
  return answer;
}

interface Touch {
  change: Manifest;
  file: FileRecord;
}

/** null: it is not there. */
function readNow(path: string, first: Touch): Buffer | null {
  const read = readFile(path);
  if ('bytes' in read) return read.bytes;
  if (read.fault === 'missing') return null;
  throw new UserError(
    EXIT.failed,
    `${path}: cannot be read (${shortReason(read)}); nothing was changed (the number alone: ${byHand(first)})`,
  );
}

/** An older version also edited files that others can write, and what was root's may be theirs by now. */
function requireOurs(path: string, first: Touch, backupDir: string): void {
  const verdict = judgePath(path);
  if (verdict.trusted && verdict.path === path) return;
  const why = verdict.trusted ? `it now leads to ${verdict.path}` : verdict.reason;
  const { copy } = first.file;
  const was = copy === null ? 'did not exist' : `is in ${copyPath(first, copy, backupDir)}`;
  throw new UserError(
    EXIT.failed,
    `${path}: ${why}, and root writes only where nobody else can; nothing was changed. The original ${was}, for its owner to restore (the number alone: ${byHand(first)})`,
  );
}

function copyPath({ change }: Touch, copy: string, backupDir: string): string {
  return join(changesFolder(backupDir), change.id, copy);
}

function byHand({ change }: Touch): string {
  return `autoscaler scale ${change.service} ${change.from}`;
}

function readBackup(first: Touch, backupDir: string): string | null {
  const { copy } = first.file;
  if (copy === null) return null;
  try {
    return decodeText(readCopyIn(join(changesFolder(backupDir), first.change.id), copy));
  } catch (error) {
    throw new UserError(
      EXIT.failed,
      `${toUserError(error)?.message ?? String(error)}; left as it is (the number alone: ${byHand(first)})`,
    );
  }
}

function restoreNumber(
  path: string,
  workers: number,
  location: Located,
): { files: FileChange[]; note: string } {
  const head = `${path} has since been edited by somebody else`;
  const place = location.how === 'refused' ? null : location.place;
  if (location.how === 'refused' || place === null || judgePath(place.path).path !== path) {
    return { files: [], note: `${head}, and the number is no longer in it: left as it is` };
  }
  const read = readFile(path);
  const before = 'bytes' in read ? decodeText(read.bytes) : '';
  if (Number(before.slice(place.start, place.end)) !== location.workers) {
    throw new UserError(
      EXIT.failed,
      `${path}: somebody is editing it right now; nothing was changed`,
    );
  }
  const after = applySplices(before, [{ ...place, insert: String(workers) }]);
  return {
    files: before === after ? [] : [{ path, before, after }],
    note: `${head}: only the number is set back to ${workers}, the edit stays`,
  };
}
