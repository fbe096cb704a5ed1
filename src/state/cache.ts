import { closeSync, constants, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { buildId } from '../version.ts';
import { checkStateDir, openTrusted } from '../host/files/trusted.ts';

/** The usual state folder, whatever the config says: it is looked at before there is a config. */
const FOLDER = '/var/lib/autoscaler';
const CONFIG = 'config.checked';
const UNITS = 'units.known';

/**
 * The config that this program made of the very same bytes at the very same path when it last checked them; null: it
 * has not. Checking depends on nothing else (whether the file may be trusted is asked each time).
 */
export function recallConfig<T>(path: string, bytes: Buffer): T | null {
  return recall<T>(FOLDER, CONFIG, keyOf(path, bytes));
}

/** Keeps a config that was checked for the next call. */
export function keepConfig(path: string, bytes: Buffer, loaded: unknown): void {
  keep(FOLDER, CONFIG, keyOf(path, bytes), loaded);
}

/** What earlier runs read in the files of units: each entry says what it holds for, see `readUnitFacts`. */
export function recallUnits<T>(stateDir: string): Record<string, T> {
  return recall<Record<string, T>>(stateDir, UNITS, '') ?? {};
}

/** Keeps it for the next run, where there is something new. */
export function keepUnits(stateDir: string, of: { units: object; hasChanged: boolean }): void {
  if (of.hasChanged) keep(stateDir, UNITS, '', of.units);
}

/** Text that differs where any byte does. */
function keyOf(path: string, bytes: Buffer): string {
  return `${path}\n${bytes.toString('latin1')}`;
}

/** An answer, and for what it holds: the build that gave it, and a key. */
interface Kept<T> {
  build: string;
  key: string;
  value: T;
}

/**
 * The answer that this very build has kept under a key; null: none, or none to be trusted. Only as root, whose files
 * nobody else can write: another build, a damaged file, all that is in doubt counts as nothing.
 */
function recall<T>(folder: string, name: string, key: string): T | null {
  const build = buildId();
  if (build === null || process.getuid?.() !== 0) return null;
  try {
    const fd = checkStateDir(folder) ? openTrusted(`${folder}/${name}`, constants.O_RDONLY) : null;
    if (fd === null) return null;
    try {
      const kept = JSON.parse(readFileSync(fd, 'utf8')) as Kept<T>;
      return kept.build === build && kept.key === key ? kept.value : null;
    } finally {
      closeSync(fd);
    }
  } catch {
    // not to be trusted, or damaged: the work is done again
    return null;
  }
}

/** Where the folder is there. For root alone to read: it may hold a password. */
function keep<T>(folder: string, name: string, key: string, value: T): void {
  const build = buildId();
  if (build === null || process.getuid?.() !== 0) return;
  const own = `${folder}/${name}.${process.pid}`;
  try {
    if (!checkStateDir(folder)) return;
    const kept: Kept<T> = { build, key, value };
    writeFileSync(own, JSON.stringify(kept), { mode: 0o600, flag: 'wx' });
    renameSync(own, `${folder}/${name}`);
  } catch {
    // it only saves work
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
