import type { Clocks } from '../model/clocks.ts';
import type { HistoryEntry } from '../model/types.ts';

/** An entry with its moment, milliseconds since 1970. */
export interface Dated {
  atMs: number;
  entry: HistoryEntry;
}

/**
 * Gives the entries of a history, newest first, their moments: counted on the boot clock, back from now or, in an
 * earlier boot, from what the wall clock said at its last entry. So a wall clock that was set meanwhile bends no
 * time. None is later than the entry after it, nor than now.
 */
export function startDating(now: Clocks): (entry: HistoryEntry) => number {
  let anchor = { boot: now.boot, uptimeS: now.uptimeS, ms: now.ms };
  let latest = now.ms;
  return (entry) => {
    if (entry.boot !== anchor.boot || entry.uptime_s > anchor.uptimeS) {
      const written = Date.parse(entry.at);
      const ms = Number.isNaN(written) ? latest : Math.min(written, latest);
      anchor = { boot: entry.boot, uptimeS: entry.uptime_s, ms };
    }
    latest = Math.min(latest, Math.round(anchor.ms - (anchor.uptimeS - entry.uptime_s) * 1000));
    return latest;
  };
}
