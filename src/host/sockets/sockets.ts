import { measureError, type MeasureError } from '../../model/measure-error.ts';
import { tooMuch } from '../kernel-files.ts';

/** A listening socket as the kernel's tables show it. `name`: its port, or the path of a Unix socket. */
export interface Listener {
  inode: string;
  name: string;
  /** connections that wait to be accepted; null: the table of Unix sockets does not tell */
  waiting: number | null;
}

/** State LISTEN in proc_net_tcp(5), and the flag of a listening Unix socket in proc_net_unix(5). */
const LISTEN = '0A';
const ACCEPTS = 0x10000;
/** State of a Unix socket that is being connected: with the listener's path and no inode, it waits in its queue. */
const CONNECTING = '02';

/** More are not kept of a table; those that nobody holds, as after their end, are not among them. */
const MOST_SOCKETS = 200_000;

/** Local port, state, receive queue and inode; a connection that nobody has accepted yet has the inode 0. */
const TCP_ROW =
  /^ *\d+: [0-9A-F]+:([0-9A-F]{4}) \S+ ([0-9A-F]{2}) \S+:([0-9A-F]+) \S+ \S+ +\d+ +\d+ ([1-9]\d*) /gm;
/** Flags, state, inode and name: whatever bytes the program gave, even a line break and what looks like another line. */
const UNIX_ROW =
  /^[0-9a-f]+: [0-9A-F]+ [0-9A-F]+ ([0-9A-F]+) [0-9A-F]+ ([0-9A-F]{2}) +(\d+)(?: (.+))?$/gim;

/**
 * Those of the `wanted` sockets that listen, by /proc/net/tcp or tcp6, given in pieces of whole lines. The length of
 * the accept queue is `rx_queue` there. All that listen come first, before all connections
 * (Documentation/networking/proc_net_tcp.rst), so the rest is not looked at.
 */
export function parseTcpListeners(
  pieces: Iterable<string>,
  wanted: ReadonlySet<string>,
): Listener[] {
  const found: Listener[] = [];
  for (const piece of pieces) {
    for (const [, port = '', state, queue = '', inode = ''] of piece.matchAll(TCP_ROW)) {
      if (state !== LISTEN) return found;
      if (wanted.has(inode)) {
        found.push({ inode, name: toPort(port), waiting: parseInt(queue, 16) });
      }
    }
  }
  return found;
}

/**
 * Those of the `wanted` sockets that listen, by /proc/net/unix, given in pieces of whole lines: all that do, and maybe
 * others, where the name of somebody's socket says so.
 */
export function parseUnixListeners(
  pieces: Iterable<string>,
  wanted: ReadonlySet<string>,
): Listener[] {
  const found: Listener[] = [];
  for (const piece of pieces) {
    for (const [, flags = '', , inode = '', name = ''] of piece.matchAll(UNIX_ROW)) {
      if (accepts(flags) && wanted.has(inode)) found.push({ inode, name, waiting: null });
    }
  }
  return found;
}

/**
 * What the sockets of /proc/net/tcp or tcp6 that do not listen came in on, as far as programs hold them: inode → port.
 *
 * @throws Error with the code EFBIG where there are very many
 */
export function parseTcpHeld(pieces: Iterable<string>): Map<string, string> {
  const held = new Map<string, string>();
  for (const piece of pieces) {
    for (const [, port = '', state, , inode = ''] of piece.matchAll(TCP_ROW)) {
      if (state !== LISTEN) held.set(inode, toPort(port));
    }
    requireFew(held.size);
  }
  return held;
}

/**
 * The same of /proc/net/unix: inode → path. Empty: it has none, as the other ends of such connections and pairs, or
 * it stands there twice, by what is in the name of somebody's socket.
 *
 * @throws Error with the code EFBIG where there are very many
 */
export function parseUnixHeld(pieces: Iterable<string>): Map<string, string> {
  const held = new Map<string, string>();
  for (const piece of pieces) {
    for (const [, flags = '', , inode = '', name = ''] of piece.matchAll(UNIX_ROW)) {
      if (accepts(flags) || inode === '0') continue;
      held.set(inode, (held.get(inode) ?? name) === name ? name : '');
    }
    requireFew(held.size);
  }
  return held;
}

/**
 * What waits for these listening sockets of /proc/net/unix, by the lines of waiting connections that have their names.
 * Only for where nobody else makes sockets, since a name proves nothing.
 */
export function countByName(
  pieces: Iterable<string>,
  listeners: readonly Listener[],
): number | MeasureError {
  const waiting = new Map<string, number>();
  const inodes = new Map(listeners.map(({ name }) => [name, new Set<string>()]));
  for (const piece of pieces) {
    for (const [, flags = '', state, inode = '', name = ''] of piece.matchAll(UNIX_ROW)) {
      if (!inodes.has(name)) continue;
      if (accepts(flags)) inodes.get(name)!.add(inode);
      else if (inode === '0' && state === CONNECTING) {
        waiting.set(name, (waiting.get(name) ?? 0) + 1);
      }
    }
  }
  for (const [name, { size }] of inodes) {
    if (size > 1) return measureError('unclear', `another socket has the path ${name} too`);
  }
  return [...waiting.values()].reduce((sum, each) => sum + each, 0);
}

function toPort(hex: string): string {
  return String(parseInt(hex, 16));
}

function accepts(flags: string): boolean {
  return (parseInt(flags, 16) & ACCEPTS) !== 0;
}

function requireFew(size: number): void {
  if (size > MOST_SOCKETS) throw tooMuch('/proc/net', `more than ${MOST_SOCKETS} sockets`);
}
