import { closeSync, constants, linkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { findLockHolder, isListening } from './lock-holder.ts';
import { checkStateDir, ensureStateDir, explainFault, openTrusted, readOpened } from './trusted.ts';

/** Bytes of an abstract socket's name after its leading NUL, all that there is room for: see `lockName`. */
const NAME_BYTES = 107;

/** `heldBy` says who, for people: `process 123 (since 2026-11-24 04:04:15)`. */
export type Lock = { release: () => void } | { heldBy: string };

/**
 * The lock of a state folder: an abstract unix socket, which the kernel takes away with the process that
 * holds it, however that ends. Nothing is left to clean up, and no native module or child is needed. It
 * does not keep the process alive. It holds among processes of one network namespace: a service that is
 * given a network of its own (`PrivateNetwork=`) is not kept out.
 *
 * `what`: something else of the folder than runs, with a lock of its own.
 *
 * @throws UserError permission or failed where the state folder cannot be used
 */
export async function acquireLock(stateDir: string, what = ''): Promise<Lock> {
  ensureStateDir(stateDir);
  const name = lockName(stateDir, what, await readToken(`${stateDir}/lock`));
  const server = createServer((socket) => socket.destroy());
  server.unref();
  const error = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
    server.once('error', resolve);
    server.once('listening', () => resolve(null));
    listen(server, `\0${name}`);
  });
  if (error === null) return { release: () => server.close() };
  if (error.code !== 'EADDRINUSE') throw explainFault(`${stateDir}/lock`, error);
  return { heldBy: findLockHolder(name) };
}

/** What `listen` does in the end, under a name that Node keeps for old programs: (path, port, kind of address) */
interface OldServer {
  _listen2?: (path: string, port: -1, kind: -1) => void;
}

/**
 * Node's `listen` first loads all of `cluster` and `child_process`, to see that this process is no worker of a cluster:
 * 1 ms of each run. Where the old name has gone it does.
 */
function listen(server: Server & OldServer, path: string): void {
  if (typeof server._listen2 === 'function') server._listen2(path, -1, -1);
  else server.listen({ path });
}

/**
 * Who holds the lock of a state folder, for people; null: nobody. Takes nothing and makes nothing.
 *
 * @throws UserError as `acquireLock`
 */
export function readLockHolder(stateDir: string): string | null {
  if (!checkStateDir(stateDir)) return null;
  const fd = openTrusted(`${stateDir}/lock`, constants.O_RDONLY);
  if (fd === null) return null;
  try {
    const name = lockName(stateDir, '', readOpened(fd, `${stateDir}/lock`));
    return isListening(name) ? findLockHolder(name) : null;
  } finally {
    closeSync(fd);
  }
}

/**
 * Of full length: libuv binds a shorter name as it is in one version and filled up with NULs in another,
 * which the kernel takes for two names.
 */
function lockName(stateDir: string, what: string, token: string): string {
  // the folder itself, whatever its name: one that was copied has the same token
  const { dev, ino } = statSync(stateDir, { bigint: true });
  return `autoscaler-${what}${token.trim()}-${dev}-${ino}`
    .slice(0, NAME_BYTES)
    .padEnd(NAME_BYTES, '-');
}

/** What only those know who may read the state folder: otherwise anybody could hold the name. */
async function readToken(path: string): Promise<string> {
  for (;;) {
    const fd = openTrusted(path, constants.O_RDONLY);
    if (fd === null) {
      await makeToken(path);
      continue;
    }
    try {
      return readOpened(fd, path);
    } finally {
      closeSync(fd);
    }
  }
}

/** By link, so that two that begin at once agree and nobody reads half of it. */
async function makeToken(path: string): Promise<void> {
  // once in the life of a state folder
  const { randomBytes } = await import('node:crypto');
  const own = `${path}.${process.pid}`;
  try {
    rmSync(own, { force: true });
    writeFileSync(own, `${randomBytes(16).toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
    linkSync(own, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw explainFault(path, error as NodeJS.ErrnoException);
    }
  } finally {
    removeQuietly(own);
  }
}

/** What stays behind does no harm: the same name is removed before it is used again. */
function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // a disk that is failing says so at the next write
  }
}
