import { closeSync, constants, readFileSync } from 'node:fs';
import { checkStateDir, openTrusted, replaceTrusted } from '../host/files/trusted.ts';

const { O_RDONLY } = constants;

/**
 * Whether `text` is news about `key`: reported for the first time, or different from the last report. It then counts as
 * reported. `text` null: there is nothing to report any more, so that the next text is news again. If this cannot be
 * stored, every text is news.
 */
export function isNews(stateDir: string, key: string, text: string | null): boolean {
  const reported = readReported(stateDir);
  if ((reported[key] ?? null) === text) return false;
  try {
    const rest = Object.entries(reported).filter(([each]) => each !== key);
    const next = Object.fromEntries(text === null ? rest : [...rest, [key, text]]);
    replaceTrusted(reportedPath(stateDir), `${JSON.stringify(next, null, 2)}\n`);
  } catch {
    // a full disk, for example: reporting it again does no harm
  }
  return text !== null;
}

function reportedPath(stateDir: string): string {
  return `${stateDir}/told.json`;
}

function readReported(stateDir: string): Record<string, string> {
  let fd: number | null = null;
  try {
    if (!checkStateDir(stateDir)) return {};
    fd = openTrusted(reportedPath(stateDir), O_RDONLY);
    const value: unknown = fd === null ? {} : JSON.parse(readFileSync(fd, 'utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, string>) : {};
  } catch {
    return {};
  } finally {
    if (fd !== null) closeSync(fd);
  }
}
