import { closeSync, constants, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { checkStateDir, openTrusted } from './trusted.ts';

const { O_CREAT, O_RDONLY, O_TRUNC, O_WRONLY } = constants;

/**
 * Whether something is news: `text` is said of `key` for the first time, or differs from what was said last.
 * It then counts as said. `text` null: there is nothing to say any more, so that it would be news again.
 * Where that cannot be kept it is news each time.
 */
export function isNews(stateDir: string, key: string, text: string | null): boolean {
  const told = readTold(stateDir);
  if ((told[key] ?? null) === text) return false;
  try {
    const rest = Object.entries(told).filter(([each]) => each !== key);
    writeTold(stateDir, Object.fromEntries(text === null ? rest : [...rest, [key, text]]));
  } catch {
    // a full disk, say: to say it again does no harm
  }
  return text !== null;
}

function toldPath(stateDir: string): string {
  return `${stateDir}/told.json`;
}

function readTold(stateDir: string): Record<string, string> {
  let fd: number | null = null;
  try {
    if (!checkStateDir(stateDir)) return {};
    fd = openTrusted(toldPath(stateDir), O_RDONLY);
    const value: unknown = fd === null ? {} : JSON.parse(readFileSync(fd, 'utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, string>) : {};
  } catch {
    return {};
  } finally {
    if (fd !== null) closeSync(fd);
  }
}

/** A rename, so that one that dies in the middle leaves the old text. */
function writeTold(stateDir: string, told: Record<string, string>): void {
  const temp = `${toldPath(stateDir)}.tmp`;
  const fd = openTrusted(temp, O_WRONLY | O_CREAT | O_TRUNC, 0o640);
  if (fd === null) return;
  try {
    writeFileSync(fd, `${JSON.stringify(told, null, 2)}\n`);
  } finally {
    closeSync(fd);
  }
  renameSync(temp, toldPath(stateDir));
}
