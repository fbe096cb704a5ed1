import { lstatPath } from '../files/look.ts';
import { readUnitProcesses } from '../proc/proc.ts';
import type { UnitState } from '../../model/unit-state.ts';
import { listSockets, listUnix } from './listening.ts';

/**
 * Unix sockets in `folders` that somebody listens on and that the service does not make itself when it starts: those of its
 * socket units, and those of others. Sorted. Empty too where it cannot be seen (without root).
 */
export function findDoomedSockets(
  folders: readonly string[],
  unit: Pick<UnitState, 'mainPid' | 'controlGroup'>,
): { path: string; isSystemds: boolean }[] {
  if (folders.length === 0) return [];
  try {
    const found = listUnix(process.pid, ({ path }) =>
      folders.some((folder) => toRun(path).startsWith(`${folder}/`)),
    );
    if (found.length === 0) return [];
    const systemds = listSockets(1);
    const processes = readUnitProcesses(unit);
    const pids = 'error' in processes ? [] : [...processes.keys()];
    const own = new Set(pids.flatMap((pid) => [...listSockets(pid)]));
    // anybody's socket may have the name of this one; none can be at its place besides it
    const paths = [...new Set(found.map(({ path }) => path))].filter(isSocket).sort();
    return paths.flatMap((path) => {
      const inodes = found.filter((each) => each.path === path).map(({ inode }) => inode);
      const isMadeAgain = inodes.some((inode) => own.has(inode) && !systemds.has(inode));
      return isMadeAgain ? [] : [{ path, isSystemds: inodes.some((each) => systemds.has(each)) }];
    });
  } catch {
    return [];
  }
}

/** The Unix sockets on which the main process of a service listens, by path. Empty too where it cannot be seen. */
export function listOwnPaths(masterPid: number): string[] {
  try {
    const own = listSockets(masterPid);
    return listUnix(masterPid, ({ inode }) => own.has(inode))
      .map(({ path }) => toRun(path))
      .filter((path) => path.startsWith('/run/') && isSocket(path));
  } catch {
    return [];
  }
}

/** Whether there is a socket under this path. */
function isSocket(path: string): boolean {
  return lstatPath(path)?.isSocket() === true;
}

/** /var/run is a link to /run, and /run/private is where a folder of `DynamicUser=` lies. */
function toRun(path: string): string {
  return path.replace(/^\/var\/run\//, '/run/').replace(/^\/run\/private\//, '/run/');
}
