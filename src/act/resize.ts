import type { Change } from './journal/checkpoint.ts';
import { drainAndStart } from './drain.ts';
import { startPatience, untilDone } from './patience.ts';
import type { ActDeps } from './ports.ts';
import type { Resized } from './types.ts';

/**
 * Makes the running service take its number over from the unit. The caller has noted in the journal
 * that the service is touched from now on.
 */
export async function resizeService(change: Change, deps: ActDeps): Promise<Resized> {
  if (change.manifest.resize === 'live') {
    const { resizeLive } = await import('./live.ts');
    const resized = await resizeLive(change, deps);
    if (resized !== 'impossible') return resized;
  }
  // SIGTERM from systemd would reach the pool's children too, and their tasks would be lost
  return change.manifest.kind === 'gunicorn' ? restart(change, deps) : drainAndStart(change, deps);
}

async function restart(change: Change, deps: ActDeps): Promise<Resized> {
  const { service, undo_because: undoing } = change.manifest;
  if (undoing !== null) {
    // what failed may have used up the starts that systemd allows in a short time
    deps.step('reset-failed');
    await deps.systemd.resetFailedUnit(service);
  }
  deps.step('restart');
  const patience = startPatience(undoing !== null, deps);
  return untilDone(service, deps.systemd.restartUnit(service), patience, deps);
}
