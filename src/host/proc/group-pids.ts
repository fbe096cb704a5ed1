import { CGROUP_ROOTS, listNames, readWhole } from '../kernel-files.ts';

/** Why the processes of a unit are not looked at. */
export interface Unreadable {
  error: string;
}

/** A unit with more of them is out of hand, or wants us to be. */
const MOST_PROCESSES = 4096;
/** Threads whose lists of children are read, where a group does not tell all processes of a unit. */
const MOST_THREADS = 16_384;
/** A list of process numbers, or of the threads' children: as many as `MOST_PROCESSES`, each in a line of its own. */
const LIST_BYTES = 64 * 1024;

/** Of a unit that has more. */
export const TOO_MANY: Unreadable = {
  error: `it has more than ${MOST_PROCESSES} processes or ${MOST_THREADS} threads`,
};
/** The processes of a group itself, without those of groups below it; none where there is no such group. */
export function readGroupPids(controlGroup: string): number[] | Unreadable {
  for (const root of CGROUP_ROOTS) {
    const path = `${root}${controlGroup}/cgroup.procs`;
    const text = unlessGone<string | undefined>(() => readWhole(path, LIST_BYTES), undefined);
    if (text === undefined) continue;
    const pids = text === null ? null : parsePids(text);
    return pids === null || pids.length > MOST_PROCESSES ? TOO_MANY : pids;
  }
  return [];
}

/** 0: a process that this pid namespace does not see. */
function parsePids(text: string): number[] {
  return text
    .split(/[ \n]/)
    .map(Number)
    .filter((pid) => pid > 0);
}

/** Adds a process and all below it. Any thread may have started a child, and each has a list of its own. false: they are too many. */
export function addDescendants(mainPid: number, pids: Set<number>): boolean {
  let threads = 0;
  const found = [mainPid];
  for (let pid = found.pop(); pid !== undefined; pid = found.pop()) {
    if (pids.has(pid)) continue;
    pids.add(pid);
    const tasks = unlessGone(() => listNames(`/proc/${pid}/task`, MOST_THREADS), []);
    threads += tasks?.length ?? Infinity;
    if (threads > MOST_THREADS) return false;
    for (const task of tasks ?? []) {
      const path = `/proc/${pid}/task/${task}/children`;
      const children = unlessGone(() => readWhole(path, LIST_BYTES), '');
      if (children === null) return false;
      found.push(...parsePids(children));
      if (found.length + pids.size > MOST_PROCESSES) return false;
    }
  }
  return true;
}

/** What is read; `none` where it is gone or not ours to read, null where it is too much. */
function unlessGone<T>(read: () => T, none: T): T | null {
  try {
    return read();
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EFBIG' ? null : none;
  }
}
