import { recall, remember } from '../../state/remembered.ts';
import type { LoadedConfig } from './loaded-config.ts';

/** The usual state folder, whatever the config says: it is looked at before there is a config. */
const FOLDER = '/var/lib/autoscaler';
const NAME = 'config.checked';

/** The config that was checked last, as it was written and as it was understood. */
interface Checked {
  path: string;
  text: string;
  loaded: LoadedConfig;
}

/**
 * What this program made of the very same bytes at the very same path when it last checked them; null: it
 * has not. Checking depends on nothing else (whether the file may be trusted is asked each time). A
 * config seldom changes, and checking one of 50 projects takes longer than all the rest of a run.
 */
export function recallConfig(path: string, bytes: Buffer): LoadedConfig | null {
  const known = recall<Checked>(FOLDER, NAME);
  const isSame = known?.path === path && bytes.equals(Buffer.from(known.text));
  return isSame ? known.loaded : null;
}

/** Remembers it for the next run. */
export function rememberConfig(path: string, bytes: Buffer, loaded: LoadedConfig): void {
  remember<Checked>(FOLDER, NAME, { path, text: bytes.toString('utf8'), loaded });
}
