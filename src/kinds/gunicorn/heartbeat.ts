import { readlinkSync, type Stats } from 'node:fs';
import { statDescriptor } from '../../host/files/other-process.ts';
import { listNames } from '../../host/kernel-files.ts';
import { readStat } from '../../host/proc/stat.ts';

/** Gunicorn's, on Linux: sysconf(_SC_CLK_TCK) is 100 wherever Linux shows times to programs. */
const TICKS_PER_SECOND = 100;

/**
 * Whether a Gunicorn worker has loaded its application and entered its loop. Its master makes a nameless
 * file for each (`wgunicorn-…`), and the worker touches it for the first time when it begins to serve: up
 * to version 20 by a change of its mode (0600 until then), later by setting its time to the monotonic clock. Right after
 * the fork those of older workers are open too, and from then on its own alone, which counts even where the beat came
 * within the same hundredth of a second as the start: the next one may be half of `--timeout` away.
 * null: no such file is to be seen.
 */
export function hasBooted(pid: number): boolean | null {
  const start = readStat(pid)?.startTicks;
  if (start === undefined) return null;
  const beats = listHeartbeats(pid);
  if (beats.length === 0) return null;
  const laterS = beats.length === 1 ? 0 : (start + 1) / TICKS_PER_SECOND;
  return beats.some(({ mode, mtimeMs }) => {
    if ((mode & 0o777) <= 1) return true;
    const seconds = mtimeMs / 1000;
    // a wall clock's time is larger by far than any time since boot
    return seconds < 1_000_000_000 && seconds >= laterS;
  });
}

/** Far above what a worker has open. */
const MOST_OPEN = 2048;

/** One, but for a version that leaves those of older workers open too. */
function listHeartbeats(pid: number): Stats[] {
  const found: Stats[] = [];
  try {
    for (const name of listNames(`/proc/${pid}/fd`, MOST_OPEN)) {
      const target = readlinkSync(`/proc/${pid}/fd/${name}`);
      if (/\/wgunicorn-[^/]* \(deleted\)$/.test(target)) found.push(statDescriptor(pid, name));
    }
  } catch {
    // it has ended in this moment, it is not ours to see, or it has opened very many
  }
  return found;
}
