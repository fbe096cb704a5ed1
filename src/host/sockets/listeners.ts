import { measureError } from '../../model/measure-error.ts';
import { readlinkSync } from 'node:fs';
import { listNames, readLinesOf, tooMuch } from '../kernel-files.ts';
import { monotonicMs } from '../monotonic.ts';
import {
  parseTcpHeld,
  parseTcpListeners,
  parseUnixHeld,
  parseUnixListeners,
  type Listener,
} from './sockets.ts';

/**
 * The tables of the network namespace of a process. What is found in those of TCP, where all is of the kernel's making,
 * is not looked for in that of Unix sockets, whose names may look like lines of it.
 */
const TABLES = ['tcp', 'tcp6', 'unix'] as const;

export type TableName = (typeof TABLES)[number];

/**
 * For one table, milliseconds. A line has 150 bytes and takes a few microseconds, but where very many sockets have the
 * same port, the kernel counts from the first of them for every 4 KB.
 */
const LIMIT_MS = 2000;
/** A worker with a thousand connections has little more; the main process has a few for each worker. */
const MOST_OPEN = 16_384;

/** What a service listens on: the listening sockets that its main process holds, by table. */
export type Listeners = Map<TableName, Listener[]>;

/** What was found of it. */
export interface FoundListeners {
  listeners: Listeners;
  /** inodes of sockets that may be listening Unix sockets, where that table takes too long to be read */
  unread: string[];
}

/** Those of one table that are among the sockets of a process, or of others that are asked for too. */
export type ReadListeners = (pid: number, name: TableName) => Listener[];

/** @throws Error with a code where the process is gone, not ours to see, or has too much to be looked at */
export function findListeners(
  masterPid: number,
  read: ReadListeners = readListenersOnce([masterPid]),
): FoundListeners {
  const sought = listSockets(masterPid);
  const listeners: Listeners = new Map();
  for (const name of TABLES) {
    if (sought.size === 0) break;
    try {
      const ours = read(masterPid, name).filter(({ inode }) => sought.has(inode));
      if (ours.length > 0) listeners.set(name, ours);
      for (const { inode } of ours) sought.delete(inode);
    } catch (error) {
      if (name !== 'unix' || (error as NodeJS.ErrnoException).code !== 'EFBIG') throw error;
      return { listeners, unread: [...sought] };
    }
  }
  return { listeners, unread: [] };
}

/**
 * Reads each table of a network namespace once, for the main processes of services that are looked at in the same moment:
 * the kernel takes milliseconds for one.
 */
export function readListenersOnce(masterPids: readonly number[]): ReadListeners {
  const tables = new Map<string, Listener[] | Error>();
  let wanted: ReadonlySet<string> | undefined;
  const readOne = (pid: number, name: TableName): Listener[] | Error => {
    wanted ??= new Set(masterPids.flatMap((each) => [...tryListSockets(each)]));
    const parse = name === 'unix' ? parseUnixListeners : parseTcpListeners;
    try {
      return parse(readTable(pid, name), wanted);
    } catch (error) {
      return error as Error;
    }
  };
  return (pid, name) => {
    const key = `${nameNetwork(pid)} ${name}`;
    const table = tables.get(key) ?? readOne(pid, name);
    tables.set(key, table);
    if (table instanceof Error) throw table;
    return table;
  };
}

/** What the accepted connections and other sockets of a table came in on: inode → port or path. @throws as `findListeners` */
export function readHeld(pid: number, name: TableName): Map<string, string> {
  const parse = name === 'unix' ? parseUnixHeld : parseTcpHeld;
  return parse(readTable(pid, name));
}

/** The lines of a table, in pieces; none where the kernel has no such table (no IPv6). @throws as `findListeners` */
export function* readTable(pid: number, name: TableName): Generator<string> {
  const lateMs = monotonicMs() + LIMIT_MS;
  const path = `/proc/${pid}/net/${name}`;
  try {
    for (const piece of readLinesOf(path, Infinity)) {
      yield piece;
      if (monotonicMs() > lateMs) throw tooMuch(path, `more than can be read in ${LIMIT_MS} ms`);
    }
  } catch (error) {
    if (name !== 'tcp6' || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** The network namespace of a process: `net:[4026531840]`. @throws as `findListeners` */
export function nameNetwork(pid: number | 'self'): string {
  return readlinkSync(`/proc/${pid}/ns/net`);
}

/** The inodes of the sockets that a process holds. @throws as `findListeners` */
function listSockets(pid: number): Set<string> {
  return new Set([...readLinks(pid).values()].flatMap((link) => socketInode(link) ?? []));
}

/** Why those of a process cannot be had is said where they are sought. */
function tryListSockets(pid: number): Set<string> {
  try {
    return listSockets(pid);
  } catch {
    return new Set();
  }
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

/** Of a service that nobody can connect to. */
export const NO_SOCKET = measureError('no_socket', 'its main process listens on no socket');

/** Why something in /proc cannot be had. */
export function tellUnseen(what: string, error: unknown): string {
  return `${what} cannot be seen (${(error as NodeJS.ErrnoException).code ?? String(error)})`;
}
