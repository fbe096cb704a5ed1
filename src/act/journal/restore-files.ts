import { join } from 'node:path';
import { EXIT, UserError } from '../../errors.ts';
import { removeFolderIfEmpty } from '../../host/files/folders.ts';
import { readFile, shortReason } from '../../host/files/read.ts';
import { readAttributesOf, type Like } from '../../host/files/target.ts';
import { sweepTemporaries } from '../../host/files/temporaries.ts';
import { writeUserFile } from '../../host/files/write.ts';
import { readCopy, type Change } from './checkpoint.ts';
import { sha256 } from './sha256.ts';
import type { FileRecord } from './manifest.ts';
import type { ActDeps } from '../ports.ts';

export interface Restored {
  restored: number;
  /** what somebody else has edited since or can write by now, and is left as it is, as sentences */
  edited: string[];
}

/** Puts the files of a change back, the last one first. @throws UserError failed where one cannot be read or written */
export function restoreFiles(change: Change, deps: ActDeps): Restored {
  const answer: Restored = { restored: 0, edited: [] };
  // what was written last may name what was written before
  for (const file of change.manifest.files.toReversed()) {
    const mayBeOurs = change.written?.has(file.path) !== false;
    if (mayBeOurs) restoreFile(change, file, answer, deps);
    if (file.made_folder !== null) {
      deps.step(`undo: remove folder ${file.made_folder}`);
      removeFolderIfEmpty(file.made_folder);
    }
  }
  return answer;
}

function restoreFile(change: Change, file: FileRecord, answer: Restored, deps: ActDeps): void {
  const { path } = file;
  sweepTemporaries(path);
  const read = readFile(path);
  const isMissing = 'fault' in read && read.fault === 'missing';
  if ('fault' in read && ['ELOOP', 'ENOTDIR'].includes(read.fault)) {
    // what leads to it was exchanged: it is not where it was
    answer.edited.push(`${path}: ${read.reason}; it is left as it is`);
    return;
  }
  if ('fault' in read && !isMissing && read.verdict?.trusted !== false) {
    throw new UserError(EXIT.failed, `${path}: cannot be read (${shortReason(read)})`);
  }
  const now = 'bytes' in read ? read.bytes : null;
  const hash = now === null ? null : sha256(now);
  if (hash === file.sha256_before && ('bytes' in read || isMissing)) return;
  if (read.verdict?.trusted === false) {
    const copy = file.copy === null ? '' : `; the original: ${join(change.folder, file.copy)}`;
    answer.edited.push(
      `${path}: ${read.verdict.reason}, and root writes only where nobody else can; it is left as it is, for its owner to restore${copy}`,
    );
  } else if (hash === file.sha256_after && (now === null || read.verdict?.path === path)) {
    const like = now === null ? likeOf(change, file) : null;
    const after = originalOf(change, file);
    writeUserFile({ path, before: now, after, like }, (name) => deps.step(`undo: ${name}`));
    answer.restored += 1;
  } else {
    const how = now === null ? 'removed' : 'edited';
    answer.edited.push(`${path} was ${how} by somebody else meanwhile and is left as it is`);
  }
}

/** From memory while we have it: the backup folder may be gone by now. */
function originalOf(change: Change, file: FileRecord): Buffer | null {
  const edit = change.edits.find(({ path }) => path === file.path);
  return edit === undefined ? readCopy(change, file) : edit.before;
}

/** What a file that was removed is to be like again. */
function likeOf(change: Change, { copy, uid, gid, mode, attributes }: FileRecord): Like | null {
  if (copy === null || uid === null || gid === null || mode === null) return null;
  return { uid, gid, mode, attributes: attributes ?? readAttributesOf(join(change.folder, copy)) };
}
