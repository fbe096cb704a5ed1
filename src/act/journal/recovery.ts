import { basename } from 'node:path';
import { EXIT, UserError } from '../../errors.ts';
import { readFile, shortReason } from '../../host/files/read.ts';
import { sweepTemporaries } from '../../host/files/temporaries.ts';
import { whileChanging } from '../../host/phase.ts';
import { prove, settle } from '../carry-out.ts';
import type { Change } from './checkpoint.ts';
import { explainErrno, toUserError } from '../../host/fault.ts';
import { sha256 } from './sha256.ts';
import { listPending, renameChange, sweepUnregistered, type PendingChange } from './journal.ts';
import type { Manifest, ManifestFault } from './manifest.ts';
import { because, outcomeOf, withoutEnd } from './outcome.ts';
import { findRelated } from '../related.ts';
import type { Recovering } from '../types.ts';
import type { SideBySide } from '../side-by-side.ts';
import type { ActDeps } from '../ports.ts';
import type { Outcome, Recovery } from '../types.ts';
import { undoChange } from './undo.ts';
import { isRunning } from '../../model/unit-state.ts';
import { readUnit } from '../../kinds/shared/unit.ts';

/** How what is found is dealt with. */
interface Means {
  deps: ActDeps;
  beside: SideBySide;
  tell: (outcome: Outcome) => void;
  /** the same for one service, where it is to be waited for in another way */
  depsOf: (service: string) => ActDeps;
}

/** The work of `startRecovery`, for the rare case that there is some. Oldest first; one cannot stop another. */
export async function recoverChanges(
  recovery: Recovery,
  { deps, beside, tell, depsOf }: Means,
): Promise<Recovering> {
  const found: Change[] = [];
  for (const { folder, manifest } of await listOpen(recovery, deps)) {
    if ('fault' in manifest) {
      recovery.faults.push(await describeFault(folder, manifest, deps));
      if (manifest.service !== null) recovery.blocked.push(manifest.service);
      else if (manifest.fault !== 'corrupt') recovery.allBlocked = true;
    } else found.push({ folder, manifest, edits: [], written: null });
  }
  const services = found.map(({ manifest }) => manifest.service);
  recovery.blocked.push(...services);
  const related = await findRelated(services, deps);
  const work = found.map((change) => {
    const { service } = change.manifest;
    return beside.add({
      unit: service,
      ...related(service),
      work: async (getsOn) => {
        // nothing new is begun
        if (deps.interruptedMs() !== null) return;
        const outcome = await recoverChange(change, { ...depsOf(service), getsOn });
        recovery.outcomes.push(outcome);
        if (!['draining', 'waiting', 'failed'].includes(outcome.result)) {
          recovery.blocked.splice(recovery.blocked.indexOf(service), 1);
        }
        tell(outcome);
      },
    });
  });
  const ended = Promise.all(work).then(() => undefined);
  // whoever waits for it hears of a fault, also later
  ended.catch(() => undefined);
  return { recovery, ended };
}

/** The open changes of these services, which this run knows to be at rest: nobody is at work on them. */
export async function findOpen(services: ReadonlySet<string>, deps: ActDeps): Promise<Change[]> {
  const open = await listPending(deps.backupDir);
  return open.flatMap(({ folder, manifest }) =>
    'fault' in manifest || !services.has(manifest.service)
      ? []
      : [{ folder, manifest, edits: [], written: null }],
  );
}

/** Where the journal cannot be listed nothing can be registered in it either, and so no service is changed. */
async function listOpen(recovery: Recovery, { backupDir }: ActDeps): Promise<PendingChange[]> {
  try {
    recovery.faults.push(...(await sweepUnregistered(backupDir)));
    return await listPending(backupDir);
  } catch (error) {
    const fault = toUserError(error);
    if (fault === null) throw error;
    recovery.faults.push(fault.message);
    return [];
  }
}

/**
 * Forward where the new files are all in place and the service has been started since (by us, somebody
 * else, or a boot); back otherwise.
 */
export function recoverChange(change: Change, deps: ActDeps): Promise<Outcome> {
  return whileChanging(() => finishOrUndo(change, deps));
}

async function finishOrUndo(change: Change, deps: ActDeps): Promise<Outcome> {
  const { undo_because, outcome, files } = change.manifest;
  const died = 'the run that made it was interrupted';
  try {
    for (const file of files) sweepTemporaries(file.path);
    if (outcome !== null) return await closeFinished(change, deps);
    if (undo_because !== null || !(await canGoForward(change.manifest, deps))) {
      return await undoChange(change, undo_because ?? died, deps);
    }
    return await settleRecovered(change, deps);
  } catch (error) {
    return undoChange(change, because(error), deps);
  }
}

async function settleRecovered(change: Change, deps: ActDeps): Promise<Outcome> {
  deps.step('recover: daemon-reload');
  await deps.target.enforce();
  const { resize, drain } = change.manifest;
  // a restart that happened is not made twice
  return resize !== 'restart' || drain !== null ? settle(change, deps) : prove(change, deps);
}

/** All was done but for the last rename. */
async function closeFinished(change: Change, deps: ActDeps): Promise<Outcome> {
  const { id, outcome, service, from, to } = change.manifest;
  const ended = outcomeOf(change, {
    result: outcome?.result ?? 'failed',
    sentence: `${service}: ${from} → ${to}: ${outcome?.result}: ${outcome?.why ?? ''}`,
  });
  try {
    deps.step('recover: record');
    deps.record(ended);
    deps.step('recover: finish');
    change.folder = await renameChange(deps.backupDir, change.folder, id);
    return ended;
  } catch (error) {
    return withoutEnd(ended, error);
  }
}

/** Whether a change that was cut off is finished; if not, it is taken back. Nothing is changed by asking. */
export async function canGoForward(
  { files, touched, resize, drain, before, service, waiting }: Manifest,
  deps: ActDeps,
): Promise<boolean> {
  for (const { path, sha256_after } of files) {
    if (hashNow(path) !== sha256_after) return false;
  }
  if (resize === 'none' || drain !== null) return true;
  // the pool is brought from whatever runs to the number: that can be gone on with at any time
  if (resize === 'live') return touched;
  // it was restarted before it was left; how long it is waited for has a limit of its own
  if (waiting?.boot === deps.bootId()) return true;
  const unit = await readUnit(service, deps);
  const isOld = before.boot === deps.bootId() && before.main_start_us === unit.mainStartUs;
  return isRunning(unit) && !isOld;
}

/** The fingerprint of a file; null: it is not there. @throws UserError failed where it cannot be read */
function hashNow(path: string): string | null {
  const read = readFile(path);
  if ('bytes' in read) return sha256(read.bytes);
  if (read.fault === 'missing') return null;
  throw new UserError(EXIT.failed, `${path}: cannot be read (${shortReason(read)})`);
}

async function describeFault(
  folder: string,
  { fault, service, detail }: ManifestFault,
  deps: ActDeps,
): Promise<string> {
  const what = `${folder}/manifest.json${service === null ? '' : ` (${service})`}`;
  const alone =
    service === null
      ? 'it does not name its service, so no service is changed until then'
      : 'its service is left alone until then';
  const copies = `the original files are in there: compare them with the units (systemctl cat SERVICE) and restore what is missing`;
  if (fault === 'newer') {
    return `${what}: an unfinished change made by a newer autoscaler (${detail}): left for that version; ${alone}. Install it again and run: autoscaler run. Or end it by hand: ${copies}, and move the folder away`;
  }
  if (fault === 'unreadable') {
    return `${what}: the record of an unfinished change cannot be read now (${detail}): the next run tries again; ${alone}`;
  }
  const name = basename(folder).replace(/\.pending$/, '.broken');
  try {
    const moved = await renameChange(deps.backupDir, folder, name);
    return `${what}: the record of an unfinished change cannot be read (${detail}). It was moved to ${moved}; ${copies}`;
  } catch (error) {
    return `${what}: the record of an unfinished change cannot be read (${detail}), nor moved aside: ${explainErrno(error)}; ${copies}`;
  }
}
