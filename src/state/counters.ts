import { closeSync, constants, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { checkStateDir, openTrusted } from './trusted.ts';

const { O_CREAT, O_RDONLY, O_TRUNC, O_WRONLY } = constants;

/** The counters that the run before has left; none where they cannot be read: whoever reads counters expects that. */
export function readCounters(stateDir: string): Record<string, number> {
  try {
    const fd = checkStateDir(stateDir) ? openTrusted(path(stateDir), O_RDONLY) : null;
    if (fd === null) return {};
    try {
      return onlyNumbers(JSON.parse(readFileSync(fd, 'utf8')));
    } finally {
      closeSync(fd);
    }
  } catch {
    return {};
  }
}

/** By a rename, so that nobody reads half of them. Only with the lock held. */
export function writeCounters(stateDir: string, counters: Record<string, number>): void {
  const temp = `${path(stateDir)}.tmp`;
  const fd = openTrusted(temp, O_WRONLY | O_CREAT | O_TRUNC, 0o640);
  if (fd === null) return;
  try {
    writeFileSync(fd, `${JSON.stringify(counters)}\n`);
  } finally {
    closeSync(fd);
  }
  renameSync(temp, path(stateDir));
}

function path(stateDir: string): string {
  return `${stateDir}/counters.json`;
}

function onlyNumbers(value: unknown): Record<string, number> {
  if (typeof value !== 'object' || value === null) return {};
  const numbers = Object.entries(value).filter(([, each]) => Number.isFinite(each));
  return Object.fromEntries<number>(numbers);
}
