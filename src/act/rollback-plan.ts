import { realpathSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT, UserError } from '../errors.ts';
import { explainErrno } from '../host-fault.ts';
import type { UnitState } from '../systemd/types.ts';
import type { Location } from '../unit-file/types.ts';
import { readUserFile } from './atomic-write.ts';
import { sha256 } from './durable.ts';
import { changesFolder } from './journal.ts';
import type { FileRecord, Manifest } from './manifest.ts';
import { planRollback, type LiveQuestion } from './plan.ts';
import type { FileChange, Plan } from './types.ts';
import { isRunning } from './unit.ts';

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
  locate: (files: FileChange[], asUsers: string[]) => Location;
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
export async function planServiceRollback(question: RollbackQuestion): Promise<RollbackAnswer> {
  const { changes, unit, locate, running } = question;
  const [first] = changes;
  const last = changes.at(-1);
  if (first === undefined || last === undefined) throw new Error('no change to take back');
  const { files, edited, notes } = await restoreWhole(question);
  for (const path of edited) {
    const number = await restoreNumber(path, first.from, locate(files, [path]));
    files.push(...number.files);
    notes.push(number.note);
  }
  const now = locate([], []);
  const then = locate(files, edited);
  const from = now.how === 'refused' ? last.to : now.workers;
  const to = then.how === 'refused' ? first.from : then.workers;
  if (to !== first.from) {
    notes.push(`the number that counts is ${to} now, set elsewhere in the unit; it is left so`);
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

async function restoreWhole({ changes, backupDir }: RollbackQuestion): Promise<Restore> {
  const answer: Restore = { files: [], edited: [], notes: [] };
  for (const path of new Set(changes.flatMap(({ files }) => files.map((file) => file.path)))) {
    const touching = changes.flatMap((change) =>
      change.files.filter((file) => file.path === path).map((file) => ({ change, file })),
    );
    const [first] = touching;
    const last = touching.at(-1);
    if (first === undefined || last === undefined) continue;
    const now = await readUserFile(path);
    const hash = now === null ? null : sha256(now);
    const isOurs = touching.length === 1 || last.file.ours_alone;
    if (hash === first.file.sha256_before) continue;
    if (now === null) {
      answer.notes.push(`${path} was removed since and stays so`);
    } else if (hash === last.file.sha256_after && isOurs) {
      const after = await readBackup(backupDir, first.change, first.file);
      answer.files.push({ path, before: now.toString('utf8'), after });
    } else {
      answer.edited.push(path);
    }
  }
  return answer;
}

async function readBackup(
  backupDir: string,
  change: Manifest,
  { copy }: FileRecord,
): Promise<string | null> {
  if (copy === null) return null;
  const path = join(changesFolder(backupDir), change.id, copy);
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new UserError(
      EXIT.failed,
      `${path}: the copy of what was before cannot be read: ${explainErrno(error)}; left as it is (the number alone: autoscaler scale ${change.service} ${change.from})`,
    );
  }
}

async function restoreNumber(
  path: string,
  workers: number,
  location: Location,
): Promise<{ files: FileChange[]; note: string }> {
  const head = `${path} was edited by somebody else since`;
  if (location.how !== 'splice' || realPath(location.path) !== path) {
    return { files: [], note: `${head}, and the number is not in it any more: left as it is` };
  }
  const before = (await readUserFile(path))?.toString('utf8') ?? '';
  const after = before.slice(0, location.start) + String(workers) + before.slice(location.end);
  return {
    files: before === after ? [] : [{ path, before, after }],
    note: `${head}: only the number is put back to ${workers}, the edit stays`,
  };
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
