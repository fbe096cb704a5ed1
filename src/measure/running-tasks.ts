import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The number of the system call read(2) by architecture; others use the generic 63. */
const READ_CALLS: Partial<Record<NodeJS.Architecture, string>> = {
  x64: '0',
  ia32: '3',
  arm: '3',
  ppc64: '3',
  s390x: '3',
};

/**
 * How many processes of a prefork pool run a task at this moment. One that has none waits in read(2) for its next
 * task, on a pipe that Celery's main process holds the other end of; whatever else it does, it does for a task.
 * What main and broker call reserved (fetched, not begun) does not count. See proc_pid_syscall(5).
 */
export function countRunningTasks(
  masterPid: number,
  workerPids: readonly number[],
): number | { error: string } {
  try {
    const pipes = new Set(readdirSync(`/proc/${masterPid}/fd`).map((fd) => linkOf(masterPid, fd)));
    return workerPids.filter((pid) => !waitsForTask(pid, pipes)).length;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    return { error: `what its processes wait for cannot be seen (${code})` };
  }
}

function waitsForTask(pid: number, pipes: ReadonlySet<string | null>): boolean {
  let call: string;
  try {
    call = readFileSync(`/proc/${pid}/syscall`, 'utf8');
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
