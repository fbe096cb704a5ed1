import { basename } from 'node:path';
import { readLinks, readTable, socketInode } from '../../host/sockets/listeners.ts';
import { parseUnixListeners } from '../../host/sockets/sockets.ts';
import type { Process } from '../../host/proc/proc.ts';

/**
 * Gunicorn's dirty arbiter (25 and later, `--dirty-app`) is a fork of the master as its workers are, has workers of its own
 * as its forks, and listens on a Unix socket of its own, `arbiter.sock`. Where setproctitle is missing nothing else tells
 * it. A worker may have forks too (multiprocessing), and may listen on a port or on a socket of multiprocessing.
 * Answers which of the forks of a master it is; null: none, or not to be told, since there is one at most.
 */
export function findDirtyArbiter(
  forks: readonly Process[],
  master: Process,
  processes: ReadonlyMap<number, Process>,
  listOwn: typeof listOwnSockets = listOwnSockets,
): Process | null {
  const parents = new Set(
    [...processes.values()]
      .filter(({ stackStart }) => stackStart !== 0 && stackStart === master.stackStart)
      .map(({ parentPid }) => parentPid),
  );
  // none has forks, as a rule, so that no file is read
  const found = forks
    .filter(({ pid }) => parents.has(pid))
    .map((fork) => ({ fork, sockets: listOwn(fork.pid, master.pid) }))
    .filter(({ sockets }) => sockets.length > 0);
  const named = found.filter(({ sockets }) => sockets.some((path) => basename(path) === ARBITER));
  const [first, second] = named.length > 0 ? named : found;
  return first === undefined || second !== undefined ? null : first.fork;
}

const ARBITER = 'arbiter.sock';
/** Folders of Python's multiprocessing. */
const OF_MULTIPROCESSING = /\/pymp-[^/]+\//;

/** The paths of the Unix sockets that a process listens on and its master does not. */
export function listOwnSockets(pid: number, masterPid: number): string[] {
  try {
    const shared = new Set([...readLinks(masterPid).values()].map(socketInode));
    const inodes = [...readLinks(pid).values()].flatMap((link) => socketInode(link) ?? []);
    const own = new Set(inodes.filter((inode) => !shared.has(inode)));
    return parseUnixListeners(readTable(pid, 'unix'), own)
      .map(({ name }) => name)
      .filter((name) => !OF_MULTIPROCESSING.test(name));
  } catch {
    // it has ended in this moment, or is not ours to see
    return [];
  }
}
