import { spawnSync } from 'node:child_process';
import { CHILD_ENV } from '../host/child-env.ts';
import { EXIT, UserError } from '../errors.ts';
import { explainErrno } from '../host/fault.ts';

/** The exit code that we ask for where somebody else has the lock; flock's own are 1 and 64 to 78. */
const HELD = 200;

/** It answers at once, but for a file server whose lock service is silent. */
const TIMEOUT_MS = 10_000;
/** Who only looks, at several locks, waits less. */
const PROBE_MS = 3000;

/**
 * Takes the exclusive flock(2) of an open file, at once or not at all; false: somebody else has it.
 *
 * Node cannot call flock(2), so `flock` of util-linux does, with our descriptor as its own number 3. Such a lock belongs
 * to the open file and not to a process: we keep it when `flock` has ended, until we close the file or end in whatever
 * way. Node opens every file with O_CLOEXEC, so no other program that we start inherits it.
 *
 * Packages that call it from within (fs-ext, fs-native-extensions) are native modules: to be compiled or downloaded for
 * each platform, libc and version of Node, where one package of ours serves all. util-linux is on each host with systemd.
 *
 * @throws UserError failed where it cannot be determined
 */
export function tryFlock(fd: number, path: string): boolean {
  return callFlock(fd, '--exclusive', TIMEOUT_MS, `${path}: cannot be locked`);
}

/**
 * Whether somebody has the exclusive flock(2) of this file. A shared one shows it, which is had, if at all, until the file
 * is closed: at once, as whoever wants the exclusive one at that moment does not get it. The kernel's own list of locks
 * (/proc/locks) is not read: it has those of all users, and takes time by the square of its length.
 *
 * @throws UserError failed where it cannot be determined
 */
export function isFlocked(fd: number, path: string): boolean {
  return !callFlock(
    fd,
    '--shared',
    PROBE_MS,
    `${path}: whether it is held could not be determined`,
  );
}

function callFlock(fd: number, how: string, timeoutMs: number, fault: string): boolean {
  const args = [how, '--nonblock', '--conflict-exit-code', String(HELD), '3'];
  const { status, signal, stderr, error } = spawnSync('flock', args, {
    env: CHILD_ENV,
    cwd: '/',
    stdio: ['ignore', 'ignore', 'pipe', fd],
    encoding: 'utf8',
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  if (status === 0) return true;
  if (status === HELD) return false;
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  if (code === 'ENOENT') {
    throw new UserError(
      EXIT.failed,
      `${fault}: the program flock is missing`,
      'It belongs to util-linux: apt-get install --reinstall util-linux',
    );
  }
  const output = stderr?.trim().split('\n').at(-1)?.slice(0, 200) ?? '';
  const why =
    code === 'ETIMEDOUT'
      ? `flock has not answered within ${timeoutMs / 1000} s`
      : error !== undefined
        ? `flock could not be started: ${explainErrno(error)}`
        : signal !== null
          ? `flock was killed by ${signal}`
          : `flock ended with ${status}${output === '' ? '' : `: ${output}`}`;
  throw new UserError(
    EXIT.failed,
    `${fault}: ${why}`,
    error === undefined || code === 'ETIMEDOUT'
      ? 'Is it on a local file system? Set "state_dir" and "backup_dir" in "global" to folders that are.'
      : 'See what uses up the processes or memory of this host: systemd-cgtop -n 1',
  );
}
