import { tryReadWhole } from '../host/kernel-files.ts';
import { readMemoryFiles } from '../host/process-memory.ts';

const KB_PER_MB = 1024;
/** It has 1.5 KB, and the groups of the user. */
const STATUS_BYTES = 64 * 1024;
/** The kernel goes through all pages of a process for its proportional size. */
const LIMIT_MS = 2000;

/**
 * What processes hold together, in MB: the sum of their proportional set sizes, in which a shared page
 * counts once, or of their resident sizes where the kernel does not let us see the former (another user's
 * process), or is slow to tell. null: none of them is there any more. See proc_pid_smaps(5), proc_pid_status(5).
 */
export function readMemoryMb(pids: readonly number[]): number | null {
  const read = readMemoryFiles(
    pids.map((pid) => `/proc/${pid}/smaps_rollup`),
    { maxBytes: STATUS_BYTES, allBytes: pids.length * STATUS_BYTES, limitMs: LIMIT_MS },
  );
  const rollups = 'error' in read ? [] : read;
  const sizes = pids
    .map((pid, index) => {
      const { text = '' } = rollups[index] ?? {};
      return findKb(text, 'Pss') ?? findKb(readStatus(pid), 'VmRSS');
    })
    .filter((size) => size !== null);
  if (sizes.length === 0) return null;
  const sum = sizes.reduce((total, size) => total + size, 0);
  return Math.round((sum / KB_PER_MB) * 10) / 10;
}

function readStatus(pid: number): string {
  return tryReadWhole(`/proc/${pid}/status`, STATUS_BYTES) ?? '';
}

function findKb(text: string, key: string): number | null {
  const found = new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(text);
  return found === null ? null : Number(found[1]);
}
