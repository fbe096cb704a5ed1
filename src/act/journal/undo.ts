import { join } from 'node:path';
import { NoAnswer } from '../../errors.ts';
import { because, outcomeOf } from './outcome.ts';
import { discardChange, endChange, saveChange, type Change } from './checkpoint.ts';
import { isDraining } from '../../kinds/shared/draining.ts';
import { kindNamed } from '../../kinds/registry.ts';
import type { Manifest } from './manifest.ts';
import { tendFollowers } from '../followers.ts';
import { leaveChange, readWaited, type Waited } from '../leave.ts';
import { startPatience } from '../../kinds/shared/patience.ts';
import { resizeService } from '../resize.ts';
import { restoreFiles } from './restore-files.ts';
import { proveServed } from '../served.ts';
import type { UnitState } from '../../model/unit-state.ts';
import type { ActDeps } from '../ports.ts';
import type { Outcome } from '../types.ts';
import { isRunning } from '../../model/unit-state.ts';
import { readUnit } from '../../kinds/shared/unit.ts';
import { verifyService } from '../verify.ts';

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
      sentence: `${service}: ${from} → ${to} failed: ${why}; rolling it back failed too: ${because(error)}`,
      hint: `The next run tries again. By hand: ${['restore', copies.join(', ')].join(' ')}, then: systemctl daemon-reload && systemctl restart ${service}`,
    });
  }
}

async function takeBack(change: Change, why: string, deps: ActDeps): Promise<Outcome> {
  const { service, kind, from, to } = change.manifest;
  const again = change.manifest.undo_because !== null;
  if (!again) noteUndo(change, why, deps);
  const { restored, edited } = restoreFiles(change, deps);
  if (!again && restored === 0 && edited.length === 0 && !change.manifest.touched) {
    await discardChange(change, deps);
    return outcomeOf(change, {
      result: 'refused',
      sentence: `${service}: ${from} → ${to} was not applied: ${why}`,
      changeId: null,
    });
  }
  deps.step('undo: daemon-reload');
  await deps.target.enforce();
  const now = await bringServiceBack(change, deps);
  if (now === 'draining') {
    return outcomeOf(change, {
      result: 'draining',
      failed: true,
      sentence: `${service}: ${from} → ${to} failed: ${why}; its number is restored, and once ${kindNamed(kind).words.label} has finished its running tasks the next run starts it with ${from}`,
    });
  }
  if ('left' in now) return leaveChange(change, now.left, deps);
  return close(change, edited, now, deps);
}

/** The journal says that we go back from here, if it can: a full disk must not keep us from it. */
function noteUndo(change: Change, why: string, deps: ActDeps): void {
  const { drain } = change.manifest;
  const news = {
    undo_because: why,
    waiting: null,
    drain: drain !== null && isDraining(drain, deps) ? drain : null,
  };
  try {
    saveChange(change, news, deps);
  } catch {
    // the undo goes on without: at the worst the next run begins it again
  }
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
    const isLeft = isHeal && !kindNamed(kind).pool.isHealUndone(from, to);
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
  return `with the old number, the service could not be verified to serve as before: ${why}`;
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
    hint: `See: systemctl status ${service}; journalctl -u ${service} -n 50. The original is in ${kept}`,
  });
  return endChange(change, outcome, `${undo_because}; ${troubles.join('; ')}`, deps);
}

function tellUnlike(now: Unlike, from: number): string {
  return 'kept' in now
    ? `its number is restored, and it serves with ${from}, but ${now.kept}`
    : now.wrong;
}

/** No more than was seen: some workers may still be busy, and of a heal the number was wrong before. */
function tellUndone({ action, kind, from }: Manifest, running: number | null): string {
  if (running === null || running === from) return `it is as before, with ${from}`;
  if (action === 'heal') return `${running} running`;
  const more = running - from;
  return `${from} declared again; ${running} running, ${more} of them ${kindNamed(kind).words.surplus}`;
}
