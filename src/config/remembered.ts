import { closeSync, constants, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { checkStateDir, openTrusted } from '../state/trusted.ts';
import type { LoadedConfig } from './load.ts';

/** Names this very program: the build puts it in. Not there when it runs from its sources. */
declare const BUILD_ID: string | undefined;

/** The usual state folder, whatever the config says: it is looked at before there is a config. */
const FOLDER = '/var/lib/autoscaler';

/** The config that was checked last, as it was written and as it was understood. */
interface Remembered {
  build: string;
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
  const build = buildId();
  if (build === null || process.getuid?.() !== 0) return null;
  try {
    const fd = openTrusted(filePath(), constants.O_RDONLY);
    if (fd === null) return null;
    try {
      const known = JSON.parse(readFileSync(fd, 'utf8')) as Remembered;
      const isSame = known.build === build && known.path === path;
      return isSame && bytes.equals(Buffer.from(known.text)) ? known.loaded : null;
    } finally {
      closeSync(fd);
    }
  } catch {
    // not to be trusted, or damaged: then it is checked anew
    return null;
  }
}

/** Remembers it for the next run. For root alone to read: it may hold the password of a broker. */
export function rememberConfig(path: string, bytes: Buffer, loaded: LoadedConfig): void {
  const build = buildId();
  if (build === null || process.getuid?.() !== 0) return;
  const own = `${filePath()}.${process.pid}`;
  try {
    if (!checkStateDir(FOLDER)) return;
    const remembered: Remembered = { build, path, text: bytes.toString('utf8'), loaded };
    writeFileSync(own, JSON.stringify(remembered), { mode: 0o600, flag: 'wx' });
    renameSync(own, filePath());
  } catch {
    // it is only a saving
    rmSync(own, { force: true });
  }
}

function filePath(): string {
  return `${FOLDER}/config.checked`;
}

function buildId(): string | null {
  return typeof BUILD_ID === 'undefined' ? null : BUILD_ID;
}
