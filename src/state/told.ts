import { closeSync, constants, readFileSync } from 'node:fs';
import { checkStateDir, openTrusted, replaceTrusted } from '../host/files/trusted.ts';

const { O_RDONLY } = constants;

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
    const next = Object.fromEntries(text === null ? rest : [...rest, [key, text]]);
    replaceTrusted(toldPath(stateDir), `${JSON.stringify(next, null, 2)}\n`);
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
