import { startRecovery } from '../../../src/act/journal/recover.ts';
import type { ActDeps } from '../../../src/act/ports.ts';
import { openSideBySide } from '../../../src/act/side-by-side.ts';
import type { Recovery } from '../../../src/act/types.ts';

/** Recovers what an earlier run left, from beginning to end. */
export async function recover(deps: ActDeps): Promise<Recovery> {
  const { recovery, ended } = await startRecovery(deps, openSideBySide());
  await ended;
  return recovery;
}
