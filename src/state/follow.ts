import { statSync } from 'node:fs';
import type { Now } from './dates.ts';
import { parseCountedLine } from './history-lines.ts';
import { historyPath, readSince, type Since } from './history.ts';

/** A wall clock that was set by more than this makes other moments of all that was read. */
const SET_MS = 1000;

/**
 * Reads the history since a moment again and again, as `readSince` does, for who counts it, but from disk only where a run
 * has written meanwhile or the wall clock was set. `sinceMs` must not go back.
 */
export function followSince(stateDir: string): (sinceMs: number, now: Now) => Since {
  let known: { stamp: string; startedMs: number; since: Since } | null = null;
  return (sinceMs, now) => {
    // before it is read: what is written meanwhile is then read again
    const stamp = readStamp(historyPath(stateDir));
    const startedMs = now.ms - now.uptimeS * 1000;
    const isSame = known?.stamp === stamp && Math.abs(known.startedMs - startedMs) < SET_MS;
    if (known !== null && isSame) {
      const { entries, warnings } = known.since;
      return { entries: entries.filter(({ atMs }) => atMs >= sinceMs), warnings };
    }
    const since = readSince(stateDir, sinceMs, now, parseCountedLine);
    known = stamp === null ? null : { stamp, startedMs, since };
    return since;
  };
}

/** What changes with each line; null: there is no file, or it cannot be seen. */
function readStamp(path: string): string | null {
  try {
    const { ino, size, mtimeNs } = statSync(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  } catch {
    return null;
  }
}
