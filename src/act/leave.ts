import { saveChange, type Change } from './journal/checkpoint.ts';
import type { Waiting } from './journal/manifest.ts';
import { outcomeOf } from './journal/outcome.ts';
import type { ActDeps } from './ports.ts';
import type { Outcome } from './types.ts';

/** Since when a service is waited for, and for how long of it workers were seen to load, milliseconds. */
export type Waited = Omit<Waiting, 'boot'>;

/** What runs before have waited for the service of a change, in the direction that it has now; null: nothing. */
export function readWaited({ manifest: { waiting } }: Change, deps: ActDeps): Waited | null {
  return waiting?.boot === deps.bootId() ? waiting : null;
}

/** Leaves a change in the journal, so that the next run goes on waiting for its service where this one ends. */
export function leaveChange(
  change: Change,
  waited: Waited,
  deps: ActDeps,
): Outcome & { result: 'waiting' } {
  saveChange(change, { waiting: { ...waited, boot: deps.bootId() } }, deps);
  const { service, from, to, undo_because: why } = change.manifest;
  const sentence =
    why === null
      ? `${service}: ${from} → ${to}: it does not serve yet; the next run continues`
      : `${service}: ${from} → ${to} failed: ${why}; its number is restored, but it does not serve yet; the next run continues`;
  const failed = why === null ? {} : ({ failed: true } as const);
  return outcomeOf(change, { result: 'waiting', sentence, ...failed });
}
