import { statSync } from 'node:fs';
import { parseCountedLine } from './counted-line.ts';
import type { Clocks } from '../model/clocks.ts';
import { historyPath, readSince, type Since } from './history.ts';

/** A wall clock that was set by more than this makes other moments of all that was read. */
const SET_MS = 1000;

/** What was read, of which state of the file, and when the host was booted by the wall clock of that moment. */
interface Known {
  stamp: string;
  startedMs: number;
  since: Since;
}

/**
 * Reads the history since a moment again and again, as `readSince` does, for who counts it, but from disk only what runs
 * have written meanwhile, and all of it where the wall clock was set. `sinceMs` must not go back.
 */
export function followSince(stateDir: string): (sinceMs: number, now: Clocks) => Since {
  let known: Known | null = null;
  return (sinceMs, now) => {
    // before it is read: what is written meanwhile is then read again
    const stamp = readStamp(historyPath(stateDir));
    const startedMs = now.ms - now.uptimeS * 1000;
    if (known !== null && Math.abs(known.startedMs - startedMs) >= SET_MS) known = null;
    const entries = (known?.since.entries ?? []).filter(({ atMs }) => atMs >= sinceMs);
    if (known?.stamp === stamp) return { entries, warnings: known?.since.warnings ?? [] };
    const added = known === null ? null : readAdded(known, stateDir, now);
    const since =
      added === null
        ? readSince(stateDir, sinceMs, now, parseCountedLine)
        : { entries: [...entries, ...added], warnings: [] };
    known = stamp === null ? null : { stamp, startedMs, since };
    return since;
  };
}

/** What has come after the last entry that is known; null: it is not there any more, or something is damaged. */
function readAdded({ since }: Known, stateDir: string, now: Clocks): Since['entries'] | null {
  const last = since.entries.at(-1);
  if (last === undefined || since.warnings.length > 0) return null;
  const { entries, warnings } = readSince(stateDir, last.atMs - SET_MS, now, parseCountedLine);
  const name = JSON.stringify(last.entry);
  const at = entries.findLastIndex(({ entry }) => JSON.stringify(entry) === name);
  return at < 0 || warnings.length > 0 ? null : entries.slice(at + 1);
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
