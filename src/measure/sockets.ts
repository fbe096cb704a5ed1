import { tooMuch } from '../host/kernel-files.ts';

/** A listening socket as the kernel's tables show it. `name`: its port, or the path of a Unix socket. */
export interface Listener {
  inode: string;
  name: string;
  /** connections that wait to be accepted */
  waiting: number;
}

/** A table of sockets: who listens, and what was accepted, by what it came in on. */
export interface SocketTable {
  listeners: Listener[];
  /** the other sockets that programs hold: inode → its local port, or the path that it came in on */
  held: Map<string, string>;
  /** sockets that have neither: the other ends of such connections, and pairs */
  nameless: Set<string>;
}

/** State LISTEN in proc_net_tcp(5), and the flag of a listening Unix socket in proc_net_unix(5). */
const LISTEN = '0A';
const ACCEPTS = 0x10000;
/** State of a Unix socket that is being connected: with the listener's path and no inode, it waits in its queue. */
const CONNECTING = '02';

/** More are not kept of a table; those that nobody holds, as after their end, are not among them. */
const MOST_SOCKETS = 200_000;

/**
 * Reads /proc/net/tcp or tcp6, given in pieces of whole lines. For a listening socket the kernel gives the length of its accept queue as `rx_queue`;
 * a connection that nobody has accepted yet has the inode 0.
 *
 * @throws Error with the code EFBIG where there are very many
 */
export function parseTcpTable(pieces: Iterable<string>): SocketTable {
  const table: SocketTable = { listeners: [], held: new Map(), nameless: new Set() };
  const row =
    /^ *\d+: [0-9A-F]+:([0-9A-F]{4}) \S+ ([0-9A-F]{2}) \S+:([0-9A-F]+) \S+ \S+ +\d+ +\d+ ([1-9]\d*) /gm;
  for (const piece of pieces) {
    for (const [, port = '', state, queue = '', inode = ''] of piece.matchAll(row)) {
      const name = String(parseInt(port, 16));
      if (state === LISTEN) table.listeners.push({ inode, name, waiting: parseInt(queue, 16) });
      else table.held.set(inode, name);
    }
    requireFew(table);
  }
  return table;
}

/**
 * Reads /proc/net/unix, given in pieces of whole lines. It does not show the length of a queue, but each connection that waits in one. Paths are as
 * the program gave them, so two sockets may have the same; their waiting connections cannot be told apart.
 *
 * @throws Error with the code EFBIG where there are very many
 */
export function parseUnixTable(pieces: Iterable<string>): SocketTable {
  const table: SocketTable = { listeners: [], held: new Map(), nameless: new Set() };
  const waiting = new Map<string, number>();
  const row =
    /^[0-9a-f]+: [0-9A-F]+ [0-9A-F]+ ([0-9A-F]+) [0-9A-F]+ ([0-9A-F]{2}) +(\d+)(?: (.+))?$/gim;
  for (const piece of pieces) {
    for (const [, flags = '', state, inode = '', name = ''] of piece.matchAll(row)) {
      if ((parseInt(flags, 16) & ACCEPTS) !== 0) table.listeners.push({ inode, name, waiting: 0 });
      else if (inode !== '0' && name === '') table.nameless.add(inode);
      else if (inode !== '0') table.held.set(inode, name);
      else if (state === CONNECTING) waiting.set(name, (waiting.get(name) ?? 0) + 1);
    }
    requireFew(table, waiting.size);
  }
  for (const listener of table.listeners) listener.waiting = waiting.get(listener.name) ?? 0;
  return table;
}

function requireFew({ listeners, held, nameless }: SocketTable, others = 0): void {
  if (listeners.length + held.size + nameless.size + others <= MOST_SOCKETS) return;
  throw tooMuch('/proc/net', `more than ${MOST_SOCKETS} sockets`);
}
