import { closeSync, constants, readFileSync } from 'node:fs';
import { checkStateDir, openTrusted, replaceTrusted } from '../host/files/trusted.ts';

const { O_RDONLY } = constants;

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

/** Only with the lock held. @throws UserError as `replaceTrusted` */
export function writeCounters(stateDir: string, counters: Record<string, number>): void {
  replaceTrusted(path(stateDir), `${JSON.stringify(counters)}\n`);
}

function path(stateDir: string): string {
  return `${stateDir}/counters.json`;
}

function onlyNumbers(value: unknown): Record<string, number> {
  if (typeof value !== 'object' || value === null) return {};
  const numbers = Object.entries(value).filter(([, each]) => Number.isFinite(each));
  return Object.fromEntries<number>(numbers);
}
