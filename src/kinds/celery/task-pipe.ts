import { readlinkSync } from 'node:fs';
import { listNames, readWhole } from '../../host/kernel-files.ts';

/** The number of the system call read(2) by architecture; others use the generic 63. */
const READ_CALLS: Partial<Record<NodeJS.Architecture, string>> = {
  x64: '0',
  ia32: '3',
  arm: '3',
  ppc64: '3',
  s390x: '3',
};

/** Celery's main process has a few for each of its workers. */
const MOST_OPEN = 16_384;
/** It has 1.5 KB, and the groups of the user. */
const STATUS_BYTES = 64 * 1024;
const CALL_BYTES = 4096;

/**
 * Those processes of a prefork pool that run no task at this moment: such a one waits in read(2) for its next task, on
 * a pipe that Celery's main process holds the other end of; whatever else it does, it does for a task. One that has
 * just ended counts too. See proc_pid_syscall(5).
 *
 * @throws where the kernel does not show what they wait for, or the main process has opened very many files
 */
export function listIdle(masterPid: number, workerPids: readonly number[]): number[] {
  const fds = listNames(`/proc/${masterPid}/fd`, MOST_OPEN);
  const pipes = new Set(fds.map((fd) => linkOf(masterPid, fd)));
  return workerPids.filter((pid) => waitsForTask(pid, pipes));
}

/**
 * The same, and how often each has been given a processor so far: one that shows the same number twice has done
 * nothing in between. null: the kernel does not show what they wait for.
 */
export function readIdle(
  masterPid: number,
  workerPids: readonly number[],
): Map<number, string> | null {
  try {
    const idle = listIdle(masterPid, workerPids).map((pid) => [pid, readSwitches(pid)] as const);
    // without those that have just ended
    return new Map(idle.filter(([, switches]) => switches !== ''));
  } catch {
    return null;
  }
}

/** proc_pid_status(5) */
function readSwitches(pid: number): string {
  try {
    const status = readWhole(`/proc/${pid}/status`, STATUS_BYTES);
    return (status.match(/_ctxt_switches:\t\d+/g) ?? []).join(' ');
  } catch {
    return '';
  }
}

function waitsForTask(pid: number, pipes: ReadonlySet<string | null>): boolean {
  let call: string;
  try {
    call = readWhole(`/proc/${pid}/syscall`, CALL_BYTES);
  } catch (error) {
    // it has just ended: then it runs nothing
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ESRCH' || (code === 'ENOENT' && linkOf(pid, '0') === null)) return true;
    throw error;
  }
  const [number, fd = ''] = call.split(' ');
  if (number !== (READ_CALLS[process.arch] ?? '63')) return false;
  const pipe = linkOf(pid, String(Number(fd)));
  return pipe !== null && pipe.startsWith('pipe:') && pipes.has(pipe);
}

function linkOf(pid: number, fd: string): string | null {
  try {
    return readlinkSync(`/proc/${pid}/fd/${fd}`);
  } catch {
    return null;
  }
}
