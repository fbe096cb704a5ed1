import type { Resized } from '../kinds/ports.ts';
import { kindNamed } from '../kinds/registry.ts';
import type { Change } from './journal/checkpoint.ts';
import { toPoolChange } from './pool-change.ts';
import type { ActDeps } from './ports.ts';

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
  const { restart } = await kindNamed(change.manifest.kind).actions();
  return restart(toPoolChange(change, deps), deps);
}
