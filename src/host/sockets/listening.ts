import { readLinks, readTable, socketInode } from './listeners.ts';

/** Local address of a listening socket (state 0A) and its inode, see proc_net_tcp(5). */
const TCP =
  /^ *\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) \S+ 0A \S+ \S+ \S+ +\d+ +\d+ ([1-9]\d*) /gm;
/** Flags, inode and name, see proc_net_unix(5); a name may hold a line break, and what looks like another line. */
const UNIX =
  /^[0-9a-f]+: [0-9A-F]+ [0-9A-F]+ ([0-9A-F]+) [0-9A-F]+ [0-9A-F]{2} +([1-9]\d*) (.+)$/gim;
const ACCEPTS = 0x10000;

/** A Unix socket that seems to listen; `path`: as the program gave it, `@…` for an abstract one. */
export interface UnixListening {
  inode: string;
  path: string;
}

/** Where these sockets listen by TCP, in the network namespace of a process. @throws Error with a code */
export function listTcp(
  pid: number,
  wanted: ReadonlySet<string>,
): { inode: string; host: string; port: number }[] {
  return (['tcp', 'tcp6'] as const).flatMap((table) =>
    Array.from(readTable(pid, table)).flatMap((piece) =>
      Array.from(piece.matchAll(TCP)).flatMap(([, host = '', port = '', inode = '']) =>
        wanted.has(inode) ? [{ inode, host: toHost(host), port: parseInt(port, 16) }] : [],
      ),
    ),
  );
}

/**
 * The Unix sockets of its network namespace that listen and are wanted: all that do, and maybe others, where the name of
 * somebody's socket says so. @throws Error with a code
 */
export function listUnix(
  pid: number,
  isWanted: (socket: UnixListening) => boolean,
): UnixListening[] {
  const found: UnixListening[] = [];
  for (const piece of readTable(pid, 'unix')) {
    for (const [, flags = '', inode = '', name = ''] of piece.matchAll(UNIX)) {
      if ((parseInt(flags, 16) & ACCEPTS) === 0) continue;
      const socket = { inode, path: Buffer.from(name, 'latin1').toString('utf8') };
      if (isWanted(socket)) found.push(socket);
    }
  }
  return found;
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

/** `0100007F` is 127.0.0.1: words of four bytes, each in the order of the processor, which is taken to be little-endian. */
function toHost(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) =>
    (word.match(/../g) ?? []).reverse().map((byte) => parseInt(byte, 16)),
  );
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, index) =>
    (bytes[2 * index]! * 256 + bytes[2 * index + 1]!).toString(16),
  );
  // a URL has the shortest form
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}
