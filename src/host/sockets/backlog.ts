import { measureError, type MeasureError } from '../../model/measure-error.ts';
import { tooMuch } from '../kernel-files.ts';
import {
  findListeners,
  NO_SOCKET,
  nameNetwork,
  readTable,
  tellUnseen,
  type ReadListeners,
} from './listeners.ts';
import { countByName } from './sockets.ts';
import { askUnixQueues, type UnixQueues } from './unix-queues.ts';

/** Connections that wait to be accepted by a service. */
export type Backlog = number | MeasureError;

/**
 * The backlog of services, by the pid of their main process. For TCP the tables of the kernel have it; of Unix sockets
 * of our own network namespace the kernel is asked by their inodes, of all services at once: the names in the table may be
 * anybody's. The services in another one are alone there.
 */
export async function countWaiting(
  masterPids: readonly number[],
  read: ReadListeners,
): Promise<Map<number, Backlog>> {
  const found = new Map(masterPids.map((pid) => [pid, seen(() => findSockets(pid, read))]));
  const asked = [...found.values()].flatMap((each) => ('code' in each ? [] : [each.asked]));
  // who has many waits longest
  const inodes = asked.toSorted((a, b) => a.length - b.length).flat();
  const queues = inodes.length === 0 ? NOTHING : await askUnixQueues(inodes);
  return new Map(
    [...found].map(([pid, each]) => [pid, 'code' in each ? each : addUp(each, queues)]),
  );
}

const NOTHING: UnixQueues = { lengths: new Map(), error: null };

interface Sockets {
  /** of those that are known already: how many there are, and what waits for them */
  count: number;
  waiting: number;
  /** inodes of what seem to be listening Unix sockets */
  asked: string[];
}

function findSockets(pid: number, read: ReadListeners): Sockets | MeasureError {
  const { listeners, unread } = findListeners(pid, read);
  const unix = listeners.get('unix') ?? [];
  const tcp = [...(listeners.get('tcp') ?? []), ...(listeners.get('tcp6') ?? [])];
  const waiting = tcp.reduce((sum, each) => sum + (each.waiting ?? 0), 0);
  const asked = [...new Set([...unix.map(({ inode }) => inode), ...unread])];
  if (asked.length === 0 || nameNetwork(pid) === nameNetwork('self')) {
    return { count: tcp.length, waiting, asked };
  }
  if (unread.length > 0) throw tooMuch(`/proc/${pid}/net/unix`, 'very many sockets');
  const byName = countByName(readTable(pid, 'unix'), unix);
  if (typeof byName === 'object') return byName;
  return { count: tcp.length + unix.length, waiting: waiting + byName, asked: [] };
}

function addUp({ count, waiting, asked }: Sockets, { lengths, error }: UnixQueues): Backlog {
  const answers = asked.map((inode) => lengths.get(inode));
  if (answers.includes(undefined)) {
    const text = `its Unix sockets: ${error ?? 'the kernel has not answered'}`;
    return measureError('unseen', text);
  }
  const queues = answers.filter((length) => typeof length === 'number');
  if (count + queues.length === 0) return NO_SOCKET;
  return queues.reduce((sum, length) => sum + length, waiting);
}

function seen<T>(look: () => T): T | MeasureError {
  try {
    return look();
  } catch (error) {
    return measureError('unseen', tellUnseen('the sockets of its main process', error));
  }
}
