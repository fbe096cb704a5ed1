import { readLinks, readTable, socketInode, type TableName } from './listeners.ts';

/** A listening socket by where it listens. */
export interface Listening {
  inode: string;
  /** the path of a Unix socket as the program gave it, `@…` for an abstract one, or host and port */
  at: { path: string } | { host: string; port: number };
}

/** State LISTEN in proc_net_tcp(5), and the flag of a listening Unix socket in proc_net_unix(5), which end the same way. */
const TCP =
  /^ *\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) \S+ 0A \S+ \S+ \S+ +\d+ +\d+ ([1-9]\d*) /gm;
const UNIX =
  /^[0-9a-f]+: [0-9A-F]+ [0-9A-F]+ ([0-9A-F]+) [0-9A-F]+ [0-9A-F]{2} +([1-9]\d*) (.+)$/gim;
const ACCEPTS = 0x10000;

/**
 * All that listens in the network namespace of a process, of one family.
 *
 * @throws Error with a code where that cannot be seen, or is too much to be looked at
 */
export function listListening(pid: number, family: 'tcp' | 'unix'): Listening[] {
  if (family === 'unix') {
    return read(pid, 'unix', UNIX, ([, flags = '', inode = '', name = '']) => {
      if ((parseInt(flags, 16) & ACCEPTS) === 0) return [];
      return [{ inode, at: { path: Buffer.from(name, 'latin1').toString('utf8') } }];
    });
  }
  const toListening = ([, host = '', port = '', inode = '']: string[]): Listening[] => [
    { inode, at: { host: toHost(host), port: parseInt(port, 16) } },
  ];
  return [...read(pid, 'tcp', TCP, toListening), ...read(pid, 'tcp6', TCP, toListening)];
}

/** The inodes of the sockets that a process holds; none where it is gone. */
export function listSockets(pid: number): Set<string> {
  try {
    return new Set([...readLinks(pid).values()].flatMap((link) => socketInode(link) ?? []));
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return new Set();
    throw error;
  }
}

function read(
  pid: number,
  table: TableName,
  row: RegExp,
  toListening: (found: string[]) => Listening[],
): Listening[] {
  const found: Listening[] = [];
  for (const piece of readTable(pid, table)) {
    for (const each of piece.matchAll(row)) found.push(...toListening(each));
  }
  return found;
}

/** `0100007F` is 127.0.0.1: words of four bytes, each in the order of the processor, which is taken to be little-endian. */
function toHost(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) =>
    (word.match(/../g) ?? []).reverse().map((byte) => parseInt(byte, 16)),
  );
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, index) =>
    (bytes[2 * index]! * 256 + bytes[2 * index + 1]!).toString(16),
  );
  // the longest form is good for a URL as for a connection; the shortest is for people
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}
