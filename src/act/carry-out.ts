import { kindNamed } from '../kinds/registry.ts';
import { formatCount } from '../model/wording.ts';
import { EXIT, UserError } from '../errors.ts';
import { Foreign, makeFolder, removeFolderIfEmpty } from '../host/files/folders.ts';
import { ChangedMeanwhile, writeUserFile, type FileEdit } from '../host/files/write.ts';
import { discardChange, endChange, saveChange, type Change } from './journal/checkpoint.ts';
import { requireFollowers, tendFollowers } from './followers.ts';
import { leaveChange, readWaited } from './leave.ts';
import type { Manifest } from './journal/manifest.ts';
import { because, outcomeOf } from './journal/outcome.ts';
import { startPatience } from '../kinds/shared/patience.ts';
import { resizeService } from './resize.ts';
import { proveServed } from './served.ts';
import type { ActDeps } from './ports.ts';
import type { Outcome } from './types.ts';
import { undoChange } from './journal/undo.ts';
import { readUnit } from '../kinds/shared/unit.ts';
import { verifyService } from './verify.ts';

/** Carries a registered change out, to its end or back to where it began. */
export async function carryOut(change: Change, deps: ActDeps): Promise<Outcome> {
  try {
    for (const edit of change.edits) {
      const record = change.manifest.files.find((file) => file.path === edit.path);
      const missing = record?.made_folder ?? null;
      if (missing !== null) {
        deps.step(`make folder ${missing}`);
        makeFolder(missing);
      }
      writeOne(change, edit, deps);
    }
    if (change.edits.length > 0) {
      deps.step('daemon-reload');
      await deps.target.enforce();
    }
    if (change.manifest.resize !== 'none') {
      await requireLoaded(change, deps);
      saveChange(change, { touched: true }, deps);
    }
    return await settle(change, deps);
  } catch (error) {
    return undoChange(change, because(error), deps);
  }
}

/** The second half, from where files and systemd are ready: the running service, the proof, the end. */
export async function settle(change: Change, deps: ActDeps): Promise<Outcome> {
  const { service, kind, from, to, resize } = change.manifest;
  if (resize === 'none') return finish(change, null, [], deps);
  deps.getsOn();
  const sinceMs = deps.monotonicMs();
  // a start that was begun and left is only waited for, so that all runs together have one limit
  const isBegun = change.manifest.drain !== null && readWaited(change, deps) !== null;
  const resized = isBegun ? 'done' : await resizeService(change, deps);
  if (resized === 'draining') {
    return outcomeOf(change, {
      result: 'draining',
      sentence: `${service}: ${from} → ${to}: ${kindNamed(kind).words.label} finishes its running tasks first; the next run continues`,
    });
  }
  if (resized === 'waiting') {
    const waited = readWaited(change, deps) ?? { since_ms: sinceMs, loading_ms: 0 };
    return leaveChange(change, waited, deps);
  }
  if (typeof resized === 'object') throw new UserError(EXIT.failed, resized.kept);
  return prove(change, deps, resized === 'partly');
}

/** The proof and the end, for a service that has been resized; `atLeast`: some workers that are busy go later. */
export async function prove(change: Change, deps: ActDeps, atLeast = false): Promise<Outcome> {
  const { service, kind, to, countable } = change.manifest;
  deps.step('verify');
  const expected = { service, kind, workers: to, countable, atLeast };
  const waiting = { patience: startPatience(false, deps), waited: readWaited(change, deps) };
  const sinceMs = deps.monotonicMs();
  const followers = tendFollowers(change, deps);
  await followers.start();
  const verdict = await verifyService(expected, deps, waiting);
  if ('left' in verdict) return leaveChange(change, verdict.left, deps);
  if (!verdict.ok) throw new UserError(EXIT.failed, verdict.why);
  const followed = await followers.prove(waiting.patience);
  if (followed === 'left') {
    return leaveChange(change, { since_ms: sinceMs, loading_ms: 0 }, deps);
  }
  const served = await proveServed(change, deps, waiting.patience);
  if (served === 'left') return leaveChange(change, { since_ms: sinceMs, loading_ms: 0 }, deps);
  if ('wrong' in served) throw new UserError(EXIT.failed, served.wrong);
  const notes = [
    ...tellStarted(requireFollowers(followed)),
    ...(served.moved === null ? [] : [served.moved]),
  ];
  return finish(change, verdict.running, notes, deps);
}

/** Noted before it is tried: a write may fail after the file took its name. */
function writeOne(change: Change, edit: FileEdit, deps: ActDeps): void {
  change.written?.add(edit.path);
  try {
    writeUserFile(edit, deps.step);
  } catch (error) {
    if (error instanceof ChangedMeanwhile || error instanceof Foreign)
      change.written?.delete(edit.path);
    throw error;
  }
}

/** A change that systemd cannot load must not reach the running service. */
async function requireLoaded(change: Change, deps: ActDeps): Promise<void> {
  const { service } = change.manifest;
  const unit = await readUnit(service, deps);
  if (unit.loadState === 'loaded') return;
  const detail = unit.loadError === null ? '' : `: ${unit.loadError}`;
  throw new UserError(EXIT.failed, `${service}: systemd reports ${unit.loadState}${detail}`);
}

/** Units that went down with the service and were started again. */
function tellStarted(units: readonly string[]): string[] {
  return units.length === 0 ? [] : [`active again with it: ${units.join(', ')}`];
}

/** `notes`: what else there is to be said of it. */
async function finish(
  change: Change,
  running: number | null,
  notes: readonly string[],
  deps: ActDeps,
): Promise<Outcome> {
  const { service, from, action } = change.manifest;
  const proof = [tellProof(change.manifest, running), ...notes].join('; ');
  const sentence = `${service}: ${tellChange(change.manifest)}; ${proof}`;
  if (action === 'heal' && running === from) {
    // all were busy: nothing was done that a history should tell
    await discardChange(change, deps);
    return outcomeOf(change, { result: 'applied', sentence, running, changeId: null });
  }
  for (const folder of change.manifest.folders) {
    deps.step(`remove folder ${folder}`);
    removeFolderIfEmpty(folder);
  }
  return endChange(
    change,
    outcomeOf(change, { result: 'applied', sentence, running }),
    proof,
    deps,
  );
}

function tellChange({ action, from, to }: Manifest): string {
  if (action === 'renew') return `our drop-in is renewed, ${formatCount(to, 'worker')} as before`;
  const what = { rollback: ' (rolled back)', heal: ' (drift healed)' };
  return `${from} → ${formatCount(to, 'worker')}${action === 'rollback' || action === 'heal' ? what[action] : ''}`;
}

function tellProof({ kind, resize, countable, to }: Manifest, running: number | null): string {
  if (resize === 'none') return 'the running service was left alone';
  if (!countable || running === null) {
    return 'verified: it is active; its workers are threads, which cannot be counted';
  }
  const how = resize === 'live' ? ', without a restart' : '';
  if (running <= to) return `verified: ${running} running${how}`;
  const more = running - to;
  return `verified: ${running} running${how}; ${more} of them ${kindNamed(kind).words.surplus}`;
}
