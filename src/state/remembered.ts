import { closeSync, constants, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { buildId } from '../version.ts';
import { checkStateDir, openTrusted } from './trusted.ts';

/**
 * What this very program noted for itself in a file, to save work; null: nothing, or nothing to be trusted. Only as
 * root, whose files nobody else can write: another build, a damaged file, all that is in doubt counts as nothing.
 */
export function recall<T>(folder: string, name: string): T | null {
  const build = buildId();
  if (build === null || process.getuid?.() !== 0) return null;
  try {
    const path = `${folder}/${name}`;
    const fd = checkStateDir(folder) ? openTrusted(path, constants.O_RDONLY) : null;
    if (fd === null) return null;
    try {
      const noted = JSON.parse(readFileSync(fd, 'utf8')) as { build: string; value: T };
      return noted.build === build ? noted.value : null;
    } finally {
      closeSync(fd);
    }
  } catch {
    // not to be trusted, or damaged: then the work is done anew
    return null;
  }
}

/** Notes it for the next run, where the folder is there. For root alone to read: it may hold a password. */
export function remember<T>(folder: string, name: string, value: T): void {
  const build = buildId();
  if (build === null || process.getuid?.() !== 0) return;
  const path = `${folder}/${name}`;
  const own = `${path}.${process.pid}`;
  try {
    if (!checkStateDir(folder)) return;
    writeFileSync(own, JSON.stringify({ build, value }), { mode: 0o600, flag: 'wx' });
    renameSync(own, path);
  } catch {
    // it is only a saving
    removeQuietly(own);
  }
}

function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // the next one of this number removes nothing, and fails as quietly
  }
}
