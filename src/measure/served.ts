import { readlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { rootOf } from '../host/files/other-process.ts';
import { useIn } from '../host/files/look.ts';
import { HOST, walkPath, type Root } from '../host/files/walk.ts';
import type { Served } from '../model/served.ts';
import { nameNetwork } from '../host/sockets/listeners.ts';
import { listSockets, listTcp, listUnix } from '../host/sockets/listening.ts';
import { askUnixQueues } from '../host/sockets/unix-queues.ts';

/** How long a connection may take; where the backlog is full it is not made at all, and somebody listens all the same. */
const CONNECT_MS = 1_000;
/** A service with more listening sockets is out of hand, or wants us to be. */
const MOST = 64;

/**
 * Where the main process of a service listens, sockets that systemd gave it included, and whether one can connect there:
 * each is connected to once, and closed. null: it cannot be seen.
 */
export async function readServed(masterPid: number): Promise<Served[] | null> {
  try {
    const own = listSockets(masterPid);
    const tcp = listTcp(masterPid, own);
    const unix = listUnix(masterPid, ({ inode }) => own.has(inode));
    // one name of each is somebody's making
    if (unix.length > new Set(unix.map(({ inode }) => inode)).size) return null;
    if (tcp.length + unix.length > MOST) return null;
    const paths = new Set(unix.map(({ path }) => path));
    const twins = listUnix(masterPid, ({ inode, path }) => paths.has(path) && !own.has(inode));
    const isHere = nameNetwork(masterPid) === nameNetwork('self');
    const { lengths } =
      isHere && unix.length > 0
        ? await askUnixQueues(unix.map(({ inode }) => inode))
        : { lengths: new Map<string, number | null>() };
    const served = [
      ...tcp.map(async (at): Promise<Served> => {
        const address = at.host.includes(':') ? `[${at.host}]:${at.port}` : `${at.host}:${at.port}`;
        return { address, fault: isHere ? await tryTcp(at) : null };
      }),
      ...unix
        .filter(({ inode }) => lengths.get(inode) !== null)
        .map(async ({ path }): Promise<Served> => {
          const address = `unix:${path}`;
          // who connected there might reach somebody else; and nobody can take an abstract one away
          const isReported = twins.some((twin) => twin.path === path) || path.startsWith('@');
          return { address, fault: isReported ? null : await tryPath(path, masterPid) };
        }),
    ];
    // the same one may be held twice
    return [...new Map((await Promise.all(served)).map((each) => [each.address, each])).values()];
  } catch {
    return null;
  }
}

function tryTcp({ host, port }: { host: string; port: number }): Promise<string | null> {
  const to = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host;
  return tryConnect({ host: to, port }, ['ECONNREFUSED']);
}

/**
 * As the service sees the path, and as the host does: a socket unit makes it in the host's own file system, whatever the
 * service sees there (`PrivateTmp=`). No link is followed in the end, and what is no socket is not touched.
 */
async function tryPath(path: string, masterPid: number): Promise<string | null> {
  let fault: string | null = 'there is no such socket any more';
  for (const [at, root] of listSeen(path, masterPid)) {
    const trial = trySocket(at, root);
    if (trial === null) continue;
    fault = await trial;
    if (fault === null) return null;
  }
  return fault;
}

function listSeen(path: string, masterPid: number): [path: string, root: Root][] {
  const root = rootOf(masterPid);
  if (!isAbsolute(path)) return [[join(readlinkSync(`/proc/${masterPid}/cwd`), path), root]];
  return [
    [path, root],
    [path, HOST],
  ];
}

/** null: there is no socket. */
function trySocket(path: string, root: Root): Promise<string | null> | null {
  try {
    return walkPath(
      dirname(path),
      ({ folder, file, below }) => {
        if (file !== null || below.length > 0) return null;
        // the very socket that is open; Node asks the kernel for the connection at once, before it is closed
        const trial = useIn(
          folder,
          basename(path),
          ({ fd, stat }) =>
            stat.isSocket()
              ? tryConnect({ path: `/proc/self/fd/${fd}` }, ['ECONNREFUSED', 'ENOENT'])
              : null,
          root,
        );
        return trial ?? null;
      },
      root,
    );
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    // of what is not looked at nothing is known
    return ['ENOENT', 'ENOTDIR', 'EACCES'].includes(code) ? null : Promise.resolve(null);
  }
}

/** null: somebody listens there, or it cannot be determined; `faults`: what says that nobody does. */
function tryConnect(
  to: { path: string } | { host: string; port: number },
  faults: readonly string[],
): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect(to);
    const end = (fault: string | null): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(fault);
    };
    const timer = setTimeout(() => end(null), CONNECT_MS);
    socket.once('connect', () => end(null));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      end(faults.includes(error.code ?? '') ? 'nobody accepts connections there' : null),
    );
  });
}
