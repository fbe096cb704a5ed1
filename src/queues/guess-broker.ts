import { BACKENDS } from './registry.ts';

/** State ESTABLISHED in proc_net_tcp(5). */
const ROW = /^ *\d+: \S+ ([0-9A-F]+):([0-9A-F]{4}) 01 \S+ \S+ \S+ +\d+ +\d+ (\d+) /gm;

/**
 * The broker that a worker is probably connected to, without user and password: by the port at the other end of one
 * of its own sockets. `table`: /proc/net/tcp or tcp6 in pieces of whole lines; `inodes`: the sockets of the worker.
 * null: to none.
 */
export function guessBroker(table: Iterable<string>, inodes: ReadonlySet<string>): string | null {
  for (const piece of table) {
    const found = guessIn(piece, inodes);
    if (found !== null) return found;
  }
  return null;
}

function guessIn(lines: string, inodes: ReadonlySet<string>): string | null {
  for (const [, address = '', port = '', inode = ''] of lines.matchAll(ROW)) {
    const number = parseInt(port, 16);
    const known = findByPort(number);
    const host = readAddress(address);
    if (known === null || host === null || !inodes.has(inode)) continue;
    return `${known.scheme}://${host}:${number}${known.path}`;
  }
  return null;
}

/** The start and the path of the first URL that can be used as it is and whose servers usually listen there. */
function findByPort(port: number): { scheme: string; path: string } | null {
  for (const backend of BACKENDS) {
    const path = backend.usualPath;
    for (const [scheme, { port: usual }] of Object.entries(backend.schemes)) {
      if (usual === port && backend.findFault({ url: `${scheme}://` }) === null)
        return { scheme, path };
    }
  }
  return null;
}

/** An address of the kernel's tables, each four bytes of which are turned around; null: an IPv6 one of its own. */
function readAddress(hex: string): string | null {
  if (hex === '00000000000000000000000001000000') return 'localhost';
  const isMapped = hex.startsWith('0000000000000000FFFF0000');
  if (hex.length !== 8 && !isMapped) return null;
  const bytes = hex.slice(-8).match(/../g) ?? [];
  const host = bytes
    .toReversed()
    .map((byte) => parseInt(byte, 16))
    .join('.');
  return host === '127.0.0.1' ? 'localhost' : host;
}
