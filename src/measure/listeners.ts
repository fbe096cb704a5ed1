import { readlinkSync } from 'node:fs';
import { listNames, readLinesOf } from '../host/kernel-files.ts';
import { parseTcpTable, parseUnixTable, type Listener, type SocketTable } from './sockets.ts';

/** The tables of the network namespace of a process; that of Unix sockets is read in a thirtieth of the time of the others. */
const TABLES = ['unix', 'tcp', 'tcp6'] as const;

export type TableName = (typeof TABLES)[number];

/** A line has 150 bytes, so that this is a host of 400,000 connections. */
const TABLE_BYTES = 64 * 2 ** 20;
/** A worker with a thousand connections has little more; the main process has a few for each worker. */
const MOST_OPEN = 16_384;

/** What a service listens on: the listening sockets that its main process holds, by table. */
export type Listeners = Map<TableName, Listener[]>;

/** How a table is read. */
export type ReadTable = (pid: number, name: TableName) => SocketTable;

/** @throws Error with a code where the process is gone, not ours to see, or has too much to be looked at */
export function findListeners(masterPid: number, read: ReadTable = readTable): Listeners {
  const sought = new Set([...readLinks(masterPid).values()].map(socketInode));
  sought.delete(null);
  const found: Listeners = new Map();
  for (const name of TABLES) {
    // each socket is in one table
    if (sought.size === 0) break;
    const { listeners, held, nameless } = read(masterPid, name);
    const ours = listeners.filter(({ inode }) => sought.has(inode));
    if (ours.length > 0) found.set(name, ours);
    for (const inodes of [ours.map(({ inode }) => inode), held.keys(), nameless]) {
      for (const inode of inodes) sought.delete(inode);
    }
  }
  return found;
}

/** The connections that wait to be accepted by a service. */
export function countWaiting(
  masterPid: number,
  read: ReadTable = readTable,
): number | { error: string } {
  try {
    const found = [...findListeners(masterPid, read)];
    if (found.length === 0) return { error: 'its main process listens on no socket' };
    const twice = findTwice(masterPid, found, read);
    if (twice !== null) return { error: `another socket has the path ${twice} too` };
    const all = found.flatMap(([, each]) => each);
    if (new Set(all.map(({ inode }) => inode)).size < all.length) return FORGED;
    return all.reduce((sum, { waiting }) => sum + waiting, 0);
  } catch (error) {
    return { error: tellUnseen('the sockets of its main process', error) };
  }
}

/** The name of a socket may hold a line break, and what looks like a line of the kernel's. */
const FORGED = {
  error:
    "one of its sockets stands twice in the kernel's table: somebody's socket has a false name",
};

/** The path of a Unix socket that somebody else listens on too; null: none. */
function findTwice(pid: number, found: [TableName, Listener[]][], read: ReadTable): string | null {
  const ours = found.filter(([table]) => table === 'unix').flatMap(([, each]) => each);
  if (ours.length === 0) return null;
  const { listeners } = read(pid, 'unix');
  const isTwice = ({ name }: Listener): boolean =>
    listeners.filter((other) => other.name === name).length > 1;
  return ours.find(isTwice)?.name ?? null;
}

/** One table of a process's network namespace; empty where the kernel has none (no IPv6). */
export function readTable(pid: number, name: TableName): SocketTable {
  const parse = name === 'unix' ? parseUnixTable : parseTcpTable;
  try {
    return parse(readLinesOf(`/proc/${pid}/net/${name}`, TABLE_BYTES));
  } catch (error) {
    if (name !== 'tcp6' || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return parse([]);
  }
}

/**
 * Reads each table of a network namespace once, for services that are looked at in the same moment: the kernel takes
 * milliseconds for one.
 */
export function readTablesOnce(): ReadTable {
  const tables = new Map<string, SocketTable>();
  return (pid, name) => {
    const key = `${readlinkSync(`/proc/${pid}/ns/net`)} ${name}`;
    const table = tables.get(key) ?? readTable(pid, name);
    tables.set(key, table);
    return table;
  };
}

/** What the file descriptors of a process are: number → `socket:[1234]`, `pipe:[5]`, a path … @throws as `findListeners` */
export function readLinks(pid: number): Map<string, string> {
  const links = new Map<string, string>();
  for (const fd of listNames(`/proc/${pid}/fd`, MOST_OPEN)) {
    try {
      links.set(fd, readlinkSync(`/proc/${pid}/fd/${fd}`));
    } catch (error) {
      // closed in this moment
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return links;
}

/** `1234` of `socket:[1234]`; null: no socket. */
export function socketInode(link: string): string | null {
  return /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? null;
}

/** Why something in /proc cannot be had. */
export function tellUnseen(what: string, error: unknown): string {
  return `${what} cannot be seen (${(error as NodeJS.ErrnoException).code ?? String(error)})`;
}
