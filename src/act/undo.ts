import { join } from 'node:path';
import { EXIT, NoAnswer, UserError } from '../errors.ts';
import { removeFolderIfEmpty } from '../host/files/folders.ts';
import { readFile, shortReason } from '../host/files/read.ts';
import {
  readAttributesOf,
  sweepTemporaries,
  writeUserFile,
  type Like,
} from '../host/files/write.ts';
import { because, outcomeOf } from './outcome.ts';
import { discardChange, endChange, readCopy, saveChange, type Change } from './checkpoint.ts';
import { isDraining } from './drain.ts';
import { sha256 } from './durable.ts';
import type { FileRecord, Manifest } from './manifest.ts';
import { tendFollowers } from './followers.ts';
import { leaveChange, readWaited, type Waited } from './leave.ts';
import { startPatience } from './patience.ts';
import { resizeService } from './resize.ts';
import { proveServed } from './served.ts';
import type { UnitState } from '../systemd/types.ts';
import type { ActDeps, Outcome } from './types.ts';
import { isRunning, readUnit } from './unit.ts';
import { verifyService } from './verify.ts';

/**
 * Takes a change back: files, systemd, and the service where it had been touched; then proves it.
 * What cannot be put back stays in the journal, and the next run tries again. Never throws.
 */
export async function undoChange(change: Change, why: string, deps: ActDeps): Promise<Outcome> {
  try {
    return await takeBack(change, why, deps);
  } catch (error) {
    const { service, from, to, files } = change.manifest;
    const copies = files
      .filter((file) => file.copy !== null)
      .map((file) => `${file.path} (copy: ${join(change.folder, file.copy ?? '')})`);
    // noted in the history when it ends: it stays in the journal
    return outcomeOf(change, {
      result: 'failed',
      sentence: `${service}: ${from} → ${to} failed: ${why}; taking it back failed too: ${because(error)}`,
      hint: `The next run tries again. By hand: ${['put back', copies.join(', ')].join(' ')}, then: systemctl daemon-reload && systemctl restart ${service}`,
    });
  }
}

async function takeBack(change: Change, why: string, deps: ActDeps): Promise<Outcome> {
  const { service, from, to } = change.manifest;
  const again = change.manifest.undo_because !== null;
  if (!again) await noteUndo(change, why, deps);
  const { restored, edited } = restoreFiles(change, deps);
  if (!again && restored === 0 && edited.length === 0 && !change.manifest.touched) {
    await discardChange(change, deps);
    return outcomeOf(change, {
      result: 'refused',
      sentence: `${service}: ${from} → ${to} was not made: ${why}`,
      changeId: null,
    });
  }
  deps.step('undo: daemon-reload');
  await deps.systemd.daemonReload();
  const now = await bringServiceBack(change, deps);
  if (now === 'draining') {
    return outcomeOf(change, {
      result: 'draining',
      failed: true,
      sentence: `${service}: ${from} → ${to} failed: ${why}; its unit is back, and once Celery has finished its running tasks the next run starts it with ${from}`,
    });
  }
  if ('left' in now) return leaveChange(change, now.left, deps);
  return close(change, edited, now, deps);
}

/** The journal says that we go back from here; a full disk must not keep us from it. */
async function noteUndo(change: Change, why: string, deps: ActDeps): Promise<void> {
  const { drain } = change.manifest;
  const news = {
    undo_because: why,
    waiting: null,
    drain: drain !== null && isDraining(drain, deps) ? drain : null,
  };
  await saveChange(change, news, deps).catch(() => undefined);
}

interface Restored {
  restored: number;
  /** what somebody else has edited since or can write by now, and is left as it is, as sentences */
  edited: string[];
}

function restoreFiles(change: Change, deps: ActDeps): Restored {
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
    const copy = file.copy === null ? '' : `; as it was: ${join(change.folder, file.copy)}`;
    answer.edited.push(
      `${path}: ${read.verdict.reason}, and root writes only where nobody else can; it is left as it is, for its owner to put back${copy}`,
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

/** `wrong`: the service does not come up. `kept`: it serves, but its pool is not what it was. */
type Unlike = { wrong: string } | { kept: string };

/** How many workers serve now (null: not countable, or it was never touched), what is wrong with it, or that it is waited for. */
async function bringServiceBack(
  change: Change,
  deps: ActDeps,
): Promise<'draining' | { running: number | null } | Unlike | { left: Waited }> {
  const { service, kind, from, to, countable, touched, before, resize, action } = change.manifest;
  const unit = await readUnit(service, deps);
  // a live change leaves the main process as it is
  const isLive = touched && resize === 'live';
  if (!isLive && isUntouched(change, unit, deps)) return { running: null };
  // somebody, or a boot, may have started it from the changed files; one that was stopped stays so
  const mayBeOurs = unit.activeState === 'failed' && before.main_pid !== null;
  if (!touched && !isRunning(unit) && !mayBeOurs) return { running: null };
  try {
    // the pool that was to be healed had a wrong number already: it stays as it is, if only it serves, but for what was added
    const isHeal = action === 'heal';
    const isLeft = isHeal && !(kind === 'gunicorn' && from < to);
    const waited = readWaited(change, deps);
    const sinceMs = deps.monotonicMs();
    const resized = isLeft
      ? 'partly'
      : waited === null
        ? await resizeService(change, deps)
        : 'done';
    if (resized === 'draining') return 'draining';
    if (resized === 'waiting') return { left: { since_ms: sinceMs, loading_ms: 0 } };
    deps.step('undo: verify');
    const kept = typeof resized === 'object' ? resized : null;
    const workers = isHeal ? 1 : from;
    const atLeast = isHeal || resized === 'partly' || kept !== null;
    const expected = { service, kind, workers, countable, atLeast, mayLoad: kept !== null };
    const waiting = { patience: startPatience(true, deps), waited };
    const followers = tendFollowers(change, deps);
    await followers.start();
    const verdict = await verifyService(expected, deps, waiting);
    if ('left' in verdict) return verdict;
    if (!verdict.ok) return { wrong: tellDown(verdict.why) };
    const followed = await followers.prove(waiting.patience);
    if (followed === 'left') return { left: { since_ms: sinceMs, loading_ms: 0 } };
    if ('wrong' in followed) return followed;
    const served = await proveServed(change, deps, waiting.patience);
    if (served === 'left') return { left: { since_ms: sinceMs, loading_ms: 0 } };
    if ('wrong' in served) return served;
    return kept ?? { running: verdict.running };
  } catch (error) {
    // the service may be down by our hand: the change stays in the journal, and the next run tries again
    if (error instanceof NoAnswer) throw error;
    return { wrong: tellDown(because(error)) };
  }
}

function tellDown(why: string): string {
  return `with the old unit the service does not come up: ${why}`;
}

/** Whether the service is still the one that ran before the change. */
function isUntouched(change: Change, unit: UnitState, deps: ActDeps): boolean {
  const { before, drain } = change.manifest;
  return (
    drain === null &&
    isRunning(unit) &&
    before.boot === deps.bootId() &&
    before.main_pid === unit.mainPid &&
    before.main_start_us === unit.mainStartUs
  );
}

async function close(
  change: Change,
  edited: string[],
  now: { running: number | null } | Unlike,
  deps: ActDeps,
): Promise<Outcome> {
  const { service, from, to, undo_because } = change.manifest;
  const head = `${service}: ${from} → ${to} failed: ${undo_because}`;
  if (edited.length === 0 && 'running' in now) {
    const { running } = now;
    const sentence = `${head}; undone: ${tellUndone(change.manifest, running)}`;
    const outcome = outcomeOf(change, { result: 'undone', sentence, running });
    return endChange(change, outcome, undo_because ?? '', deps);
  }
  const troubles = [...edited, ...('running' in now ? [] : [tellUnlike(now, from)])];
  const kept = change.folder.replace(/\.pending$/, '');
  const outcome = outcomeOf(change, {
    result: 'failed',
    sentence: `${head}; ${troubles.join('; ')}`,
    hint: `See: systemctl status ${service}; journalctl -u ${service} -n 50. What was before is in ${kept}`,
  });
  return endChange(change, outcome, `${undo_because}; ${troubles.join('; ')}`, deps);
}

function tellUnlike(now: Unlike, from: number): string {
  return 'kept' in now
    ? `its unit is back, and it serves with ${from}, but ${now.kept}`
    : now.wrong;
}

/** No more than was seen: some workers may still be busy, and of a heal the number was wrong before. */
function tellUndone({ action, kind, from }: Manifest, running: number | null): string {
  if (running === null || running === from) return `it is as before, with ${from}`;
  if (action === 'heal') return `${running} run`;
  const more = running - from;
  const end =
    kind === 'gunicorn'
      ? `${more} of them end when their requests are answered`
      : `${more} of them are busy and end in one of the next runs`;
  return `its unit says ${from} again; ${running} run, ${end}`;
}
