import { spawn } from 'node:child_process';
import { constants, openSync } from 'node:fs';
import { CHILD_ENV } from './child-env.ts';
import { tryReadWhole } from './kernel-files.ts';

/** O_TMPFILE of open(2), which Node does not name: a file without a name, that goes with who has it open. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;
/** /proc/PID/stat: 52 fields, and a name of 64 bytes at most. */
const STAT_BYTES = 4096;

/**
 * A file that another program and this one share. In memory on every host with systemd (tmpfs), so that no disk that
 * hangs or is full holds up who writes to it.
 *
 * @throws NodeJS.ErrnoException where there is no memory for it
 */
export function openPage(flags = 0): number {
  return openSync('/dev/shm', O_TMPFILE | constants.O_RDWR | flags, 0o600);
}

/**
 * Starts a program that writes to `page`, in a group of its own, to be killed as a whole. It is never waited for, since one
 * that waits in the kernel may not even end on SIGKILL. Its number; null: it could not be started.
 */
export function startProgram(
  command: string,
  args: readonly string[],
  page: number,
  env: Record<string, string> = CHILD_ENV,
): number | null {
  const child = spawn(command, args, {
    ...{ env, cwd: '/', detached: true },
    stdio: ['ignore', page, 'ignore'],
  });
  child.on('error', () => undefined);
  child.unref();
  return child.pid ?? null;
}

const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 16;
/** A program that takes a few milliseconds is seen to end within one or two. */
const GROWTH = 1.25;

/** Asks again and again, with pauses between, until `isOver`. Nothing else of this process is done meanwhile. */
export function waitUntil(isOver: () => boolean): void {
  for (
    let pauseMs = FIRST_PAUSE_MS;
    !isOver();
    pauseMs = Math.min(pauseMs * GROWTH, LONGEST_PAUSE_MS)
  ) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
  }
}

/** Whether a program that we have started is over, of which Node may not have heard yet. */
export function hasEnded(pid: number): boolean {
  const stat = tryReadWhole(`/proc/${pid}/stat`, STAT_BYTES);
  return stat === null || /[ZX]/.test(stat.charAt(stat.lastIndexOf(')') + 2));
}

/** Its number is its own until Node hears of its end, which it does not before the work that is under way returns. */
export function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // all of it has ended
  }
}
