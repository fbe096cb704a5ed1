import type { Stats } from 'node:fs';
import { statDescriptor } from '../../host/files/other-process.ts';
import { readWhole, tooMuch } from '../../host/kernel-files.ts';
import { readLinks, socketInode } from '../../host/sockets/listeners.ts';

/** The numbers of select(2) and pselect6(2) by architecture; others use the generic 72. */
const SELECT_CALLS: Partial<Record<NodeJS.Architecture, readonly number[]>> = {
  x64: [23, 270],
  ia32: [142, 308, 413],
  arm: [142, 335, 413],
  ppc64: [142, 280],
  s390x: [142, 301],
};

/** A worker's own file, by which it tells the arbiter that it lives: it is deleted at once and kept open. */
const HEARTBEAT = /\/wgunicorn-[^/]+ \(deleted\)$/;

const CALL_BYTES = 4096;
/** A line of 80 bytes for each descriptor that is waited on. */
const POLLED_BYTES = 2 ** 20;
/** A worker has one, and its application perhaps another. */
const MOST_POLLS = 32;

/** The inodes of the sockets that a service listens on, found when they are asked for. */
export type Listening = () => ReadonlySet<string>;

/** `waits`: one that asks its sockets one by one, between requests by select(2); `polls`: one that has them in epoll(7). */
export interface GunicornWorker {
  pid: number;
  how: 'waits' | 'polls';
  /** its file descriptors when it was looked at */
  links: ReadonlyMap<string, string>;
  /** when it began to wait, or its request, as milliseconds since 1970; null: unknown */
  beatMs: number | null;
  /** highest file descriptors by which select(2) is known to be the wait for the next request, or known not to be */
  waitFds: Map<number, boolean>;
}

/** Looks at a worker; null: it is still starting. */
export function lookAtWorker(pid: number, listening: Listening): GunicornWorker | null {
  const links = readLinks(pid);
  const fd = [...links].find(([, link]) => HEARTBEAT.test(link))?.[0];
  const heartbeat = fd === undefined ? null : statDescriptor(pid, fd);
  if (heartbeat !== null && !hasBeaten(heartbeat)) return null;
  const how = findPolled(pid, links, listening) === null ? 'waits' : 'polls';
  return { pid, how, links, beatMs: heartbeat?.ctimeMs ?? null, waitFds: new Map() };
}

/** A new file is 0600 and of now; each beat of Gunicorn's changes its mode (20.1) or sets a time on the boot clock (later). */
function hasBeaten({ mode, mtimeMs, ctimeMs }: Stats): boolean {
  return (mode & 0o777) !== 0o600 || Math.abs(ctimeMs - mtimeMs) > 60_000;
}

/**
 * Whether a worker that `waits` is in a request. Between two it is in select(2) on its listening sockets and a pipe
 * to itself, one of which is the highest descriptor there: an app that waits for something of its own has another.
 * `links`: its file descriptors of this moment, where they were read already.
 */
export function isInRequest(
  worker: GunicornWorker,
  listening: Listening,
  links?: GunicornWorker['links'],
): boolean {
  const [call, highest] = readWhole(`/proc/${worker.pid}/syscall`, CALL_BYTES).split(' ', 2);
  if (!(SELECT_CALLS[process.arch] ?? [72]).includes(Number(call))) return true;
  const fd = Number(highest) - 1;
  let isWait = worker.waitFds.get(fd);
  if (isWait === undefined) {
    isWait = isOwnWait(fd, links ?? readLinks(worker.pid), listening);
    worker.waitFds.set(fd, isWait);
  }
  return !isWait;
}

function isOwnWait(fd: number, links: ReadonlyMap<string, string>, listening: Listening): boolean {
  const link = links.get(String(fd)) ?? '';
  // both ends of its own pipe are in its hands
  if (link.startsWith('pipe:')) return [...links.values()].filter((l) => l === link).length === 2;
  const inode = socketInode(link);
  return inode !== null && listening().has(inode);
}

/** Whether a process is stopped by a signal, or its group is frozen: it waits for nothing, whatever it was in. */
export function isStopped({ pid }: GunicornWorker): boolean {
  return /stop|freez/.test(readWhole(`/proc/${pid}/wchan`, CALL_BYTES));
}

/**
 * The sockets that a worker which `polls` holds and does not wait on: connections of its own, and those whose request
 * it has; between two requests of a connection that is kept, it waits on it by epoll(7). Their inodes.
 */
export function listUnpolled(pid: number, listening: Listening): string[] {
  const links = readLinks(pid);
  const polled = findPolled(pid, links, listening) ?? new Set();
  return [...links].flatMap(([fd, link]) => {
    const inode = socketInode(link);
    return inode === null || polled.has(fd) || listening().has(inode) ? [] : [inode];
  });
}

/** The descriptors that a worker waits on together with a listening socket; null: it has none of these in epoll. */
function findPolled(
  pid: number,
  links: ReadonlyMap<string, string>,
  listening: Listening,
): Set<string> | null {
  const polls = [...links].filter(([, link]) => link === 'anon_inode:[eventpoll]');
  if (polls.length > MOST_POLLS) throw tooMuch(`/proc/${pid}/fd`, `${polls.length} of epoll(7)`);
  for (const [fd] of polls) {
    const info = readWhole(`/proc/${pid}/fdinfo/${fd}`, POLLED_BYTES);
    const polled = [...info.matchAll(/^tfd: +(\d+)/gm)].map(([, polledFd = '']) => polledFd);
    if (polled.some((each) => listening().has(socketInode(links.get(each) ?? '') ?? '')))
      return new Set(polled);
  }
  return null;
}
