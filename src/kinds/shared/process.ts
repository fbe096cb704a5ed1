import type { KindDeps, ProcessActions, ProcessRef } from '../ports.ts';
import { tryReadWhole } from '../../host/kernel-files.ts';

const STAT_BYTES = 4096;
/** It has 1.5 KB, and the groups of the user. */
const STATUS_BYTES = 64 * 1024;
/** A path for each hierarchy, of which there are some twelve. */
const CGROUP_BYTES = 64 * 1024;

/**
 * Processes by /proc. Node has no pidfd: start time and control group are compared right before the
 * signal, so that a number used again is never hit.
 */
export const processActions: ProcessActions = {
  isAlive,
  terminate(target: ProcessRef, controlGroup: string) {
    if (!isThere(target, controlGroup)) return false;
    return send(target.pid, 'SIGTERM');
  },
  kill(target: ProcessRef, controlGroup: string) {
    if (!isThere(target, controlGroup)) return false;
    return send(target.pid, 'SIGKILL');
  },
  startTicks(pid) {
    return readStat(pid)?.startTicks ?? null;
  },
};

/** How long a process has been there. Linux shows times to programs in hundredths of a second, on the boot clock. */
export function ageMs({ startTicks }: ProcessRef, deps: Pick<KindDeps, 'monotonicMs'>): number {
  return deps.monotonicMs() - startTicks * 10;
}

/** Whether a process is alive and in this control group, or one below it. */
export function isThere(process: ProcessRef, controlGroup: string): boolean {
  return isAlive(process) && isInGroup(process.pid, controlGroup);
}

function isAlive(process: ProcessRef): boolean {
  const stat = readStat(process.pid);
  return stat !== null && stat.startTicks === process.startTicks && !stat.dead;
}

/** false: there is no such process (any longer). */
export function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** Whether a process has a handler for a signal. proc_pid_status(5): a mask of signals in hexadecimal digits, bit 0 being signal 1. */
export function catches(pid: number, signal: number): boolean {
  const mask =
    /^SigCgt:\t([0-9a-f]+)$/m.exec(tryReadWhole(`/proc/${pid}/status`, STATUS_BYTES) ?? '')?.[1] ??
    '0';
  return ((BigInt(`0x${mask}`) >> BigInt(signal - 1)) & 1n) === 1n;
}

/** proc_pid_stat(5); the name in field 2 may hold anything, so fields are counted from its closing bracket. */
function readStat(pid: number): { startTicks: number; dead: boolean } | null {
  const text = tryReadWhole(`/proc/${pid}/stat`, STAT_BYTES);
  if (text === null) return null;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { startTicks: Number(fields[19]), dead: fields[0] === 'Z' || fields[0] === 'X' };
}

/** cgroups(7): `0::/path` (v2) or `N:name=systemd:/path` (v1); a unit may have groups below its own. */
function isInGroup(pid: number, controlGroup: string): boolean {
  const lines = tryReadWhole(`/proc/${pid}/cgroup`, CGROUP_BYTES)?.split('\n') ?? [];
  return lines.some((line) => {
    const path = /^(?:0:|\d+:name=systemd):(.*)$/.exec(line)?.[1];
    return path !== undefined && `${path}/`.startsWith(`${controlGroup}/`);
  });
}
