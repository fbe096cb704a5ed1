import { tryReadWhole } from '../kernel-files.ts';

/** What the kernel tells of a process. */
export interface ProcessStat {
  pid: number;
  parentPid: number;
  /** start, in clock ticks since boot (field 22 of /proc/PID/stat): pid and start together name one process */
  startTicks: number;
  /** where the stack of its program began (field 28); 0: not ours to see. A fork keeps it, an exec does not */
  stackStart: number;
  /** SIGINT is ignored, as each process of Celery's pool does */
  ignoresInterrupt: boolean;
}

/** /proc/PID/stat: 52 fields, and a name of 64 bytes at most. */
const STAT_BYTES = 4096;
/** How many fields of /proc/PID/stat are looked at after the name. */
const FIELDS = 31;

/** As `readProcess`, without its command line. See proc_pid_stat(5). */
export function readStat(pid: number): ProcessStat | null {
  const stat = tryReadWhole(`/proc/${pid}/stat`, STAT_BYTES);
  return stat === null ? null : parseStat(pid, stat);
}

/** The same from what /proc/PID/stat says. */
export function parseStat(pid: number, stat: string): ProcessStat | null {
  // the name in field 2 may hold anything, so fields are counted from its closing bracket
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ', FIELDS);
  if (fields[0] === 'Z' || fields[0] === 'X') return null;
  return {
    pid,
    parentPid: Number(fields[1]),
    startTicks: Number(fields[19]),
    stackStart: Number(fields[25]),
    // a mask of signals, bit 1 being SIGINT
    ignoresInterrupt: (Number(fields[30]) & 2) !== 0,
  };
}
