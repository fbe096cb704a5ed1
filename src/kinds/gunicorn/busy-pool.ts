import { measureError, type MeasureError } from '../../model/measure-error.ts';
import { tooMuch } from '../../host/kernel-files.ts';
import type { Concurrency } from '../shared/concurrency.ts';
import type { BusyRequest } from '../load.ts';
import {
  isInRequest,
  isStopped,
  listUnpolled,
  lookAtWorker,
  type GunicornWorker,
  type Listening,
} from './worker.ts';
import {
  findListeners,
  NO_SOCKET,
  readHeld,
  type Listeners,
  type ReadListeners,
} from '../../host/sockets/listeners.ts';

/** Of all workers of a service: each look at threads comes by all of them. */
const MOST_OPEN = 65_536;

/** The workers of one service, ready to be looked at. */
export interface Pool {
  /** the share of what they can do at once that is in a request, 0 to 1; null: none of them is there any more */
  look: () => number | null | MeasureError;
  /** whether none of them had a request in the last `ms`; where that cannot be determined, false */
  hasBeenIdle: (ms: number, nowMs: number) => boolean;
}

/** Finds out what the workers are and how many requests each can have at once, or why that cannot be determined. */
export function openPool(request: BusyRequest, read: ReadListeners): Pool | MeasureError {
  const { masterPid, workerPids, concurrency } = request;
  if (workerPids.length === 0) return measureError('no_workers', 'it has no workers');
  const sockets = findSockets(masterPid, read);
  const listening: Listening = () => sockets().listening;
  const workers: GunicornWorker[] = [];
  let open = 0;
  for (const pid of workerPids) {
    const worker = ifThere(() => lookAtWorker(pid, listening));
    if (worker !== null) workers.push(worker);
    open += worker?.links.size ?? 0;
    if (open > MOST_OPEN) {
      return measureError('unseen', `its workers have more than ${MOST_OPEN} open files`);
    }
  }
  if (workers.length === 0) return measureError('no_workers', 'its workers are starting');
  const threads = findThreads(workers, concurrency);
  if (typeof threads === 'object') return threads;
  if (threads === 0) return poolOfOnes(workers, listening);
  return listening().size === 0
    ? NO_SOCKET
    : poolOfThreads({ masterPid, workers, ...sockets() }, threads);
}

/** What a service listens on. The kernel's tables take milliseconds, and idle workers are known without them. */
function findSockets(masterPid: number, read: ReadListeners): () => ListeningSockets {
  let found: ListeningSockets | undefined;
  return () => (found ??= readSockets(masterPid, read));
}

function readSockets(masterPid: number, read: ReadListeners): ListeningSockets {
  const { listeners, unread } = findListeners(masterPid, read);
  if (listeners.size === 0 && unread.length > 0)
    throw tooMuch('/proc/net/unix', 'very many sockets');
  const inodes = [...listeners.values()].flat().map(({ inode }) => inode);
  return { listeners, listening: new Set(inodes) };
}

interface ListeningSockets {
  listeners: Listeners;
  /** their inodes */
  listening: ReadonlySet<string>;
}

const CLASS_OF_THREADS = /^(?:gthread|gunicorn\.workers\.gthread\.ThreadWorker)$/;
const CLASS_OF_ONE = /^(?:sync|gunicorn\.workers\.sync\.SyncWorker)$/;

/** How many threads each worker has; 0: it has none besides its own, and serves one request at a time. */
function findThreads(
  workers: readonly GunicornWorker[],
  concurrency: Concurrency | null,
): number | MeasureError {
  const { workerClass = 'unknown', threads = 'unknown' } = concurrency ?? {};
  const name = typeof workerClass === 'object' ? (workerClass?.text ?? 'sync') : null;
  if (name !== null && !CLASS_OF_ONE.test(name) && !CLASS_OF_THREADS.test(name)) {
    const text = `its workers (${name}) take any number of requests at once, so no share of them is in one`;
    return measureError('not_applicable', text);
  }
  if (workers.every(({ how }) => how === 'waits')) return 0;
  if (threads === 'unknown') {
    const text =
      'how many threads its workers have is not known: put --threads N on the command line in ExecStart';
    return measureError('unclear', text);
  }
  const count = Number(threads?.text ?? 1);
  if (count > 1 || (name !== null && CLASS_OF_THREADS.test(name))) return count;
  const text = 'its workers are not of the class sync or gthread, although nothing says so';
  return measureError('not_applicable', text);
}

/** Workers that serve one request at a time. */
function poolOfOnes(workers: readonly GunicornWorker[], listening: Listening): Pool {
  return {
    look: () => {
      if (listening().size === 0) return NO_SOCKET;
      const busy = workers.flatMap(
        (worker) => ifThere(() => Number(isInRequest(worker, listening))) ?? [],
      );
      return busy.length === 0 ? null : sum(busy) / busy.length;
    },
    hasBeenIdle: (ms, nowMs) =>
      workers.every((worker) => {
        const { beatMs, links } = worker;
        if (beatMs === null || nowMs - beatMs < ms || isStopped(worker)) return false;
        return !isInRequest(worker, listening, links);
      }),
  };
}

/** The sockets of one table: inode → what it came in on; and what the service listens on there. */
interface Held {
  sockets: Map<string, string>;
  names: ReadonlySet<string>;
}

interface Sockets extends ListeningSockets {
  masterPid: number;
  workers: readonly GunicornWorker[];
}

/**
 * Workers with threads. A connection is in the kernel's table from when it is accepted until it is closed, so between
 * two readings of the table none is missed that lasts longer than they are apart. What a busy machine makes shorter than
 * that is in neither: such a socket counts once, since one of another kind (a log, a socket pair) stays.
 */
function poolOfThreads(sockets: Sockets, threads: number): Pool {
  const { masterPid, workers, listeners, listening } = sockets;
  const readTables = (): Held[] =>
    [...listeners].map(([name, own]) => ({
      sockets: readHeld(masterPid, name),
      names: new Set(own.map((each) => each.name)),
    }));
  const ofOtherKind = new Set<string>();
  const isAccepted = (inode: string, tables: readonly Held[]): boolean => {
    for (const { sockets, names } of tables) {
      // empty: of another kind
      const local = sockets.get(inode) ?? '';
      if (local !== '') return names.has(local);
    }
    const isFirst = !ofOtherKind.has(inode);
    ofOtherKind.add(inode);
    return isFirst;
  };
  const look = (): number | null => {
    const before = readTables();
    const held = workers.flatMap(({ pid }) => {
      const inodes = ifThere(() => listUnpolled(pid, () => listening));
      return inodes === null ? [] : [inodes];
    });
    if (held.length === 0) return null;
    const tables = held.some((inodes) => inodes.length > 0) ? [...before, ...readTables()] : [];
    const requests = held.map((inodes) => {
      const accepted = inodes.filter((inode) => isAccepted(inode, tables));
      return Math.min(threads, accepted.length);
    });
    return sum(requests) / (threads * held.length);
  };
  // the first look tells what of other kinds they hold
  look();
  // such a worker wakes up each second, so it cannot be determined
  return { look, hasBeenIdle: () => false };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

/** null: the worker has just ended. */
function ifThere<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}
