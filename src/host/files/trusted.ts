import { chmodSync, closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { EXIT, UserError } from '../../errors.ts';
import { Foreign, makeFolders } from './folders.ts';
import { judgePath } from './judge.ts';
import { replaceOwn } from './own.ts';

const WRITABLE_BY_OTHERS = 0o022;

/**
 * Opens a file or folder of ours, never through a link. As root it must be root's own and nobody else's
 * to write to: what stands there decides what root does to services.
 *
 * @returns the open file, or null where there is none (only without O_CREAT)
 * @throws UserError permission where it may not be opened or not be trusted, failed for any other fault
 */
export function openTrusted(path: string, flags: number, mode?: number): number | null {
  return openChecked(path, flags | constants.O_NOFOLLOW, mode);
}

/**
 * Makes sure of the state folder (0750), the folders above it included.
 *
 * @throws UserError as `openTrusted`
 */
export function ensureStateDir(stateDir: string): void {
  // every lock and every line of the history asks for it
  if (seen.has(stateDir) && checkStateDir(stateDir)) return;
  try {
    if (makeFolders(stateDir, 0o755)) chmodSync(stateDir, 0o750);
  } catch (error) {
    if (error instanceof Foreign) requireTrustedWay(stateDir);
    if (error instanceof UserError) throw error;
    throw explainFault(stateDir, error as NodeJS.ErrnoException);
  }
  checkStateDir(stateDir);
}

/**
 * Whether there is a state folder; it may be a link, as what it leads to is looked at. Nobody else can exchange anything
 * on the way to it, so that what is in it may be opened by its path.
 *
 * @throws UserError as `openTrusted`
 */
export function checkStateDir(stateDir: string): boolean {
  const fd = openChecked(stateDir, constants.O_RDONLY | constants.O_DIRECTORY);
  if (fd === null) return false;
  closeSync(fd);
  requireTrustedWay(stateDir);
  return true;
}

/** Paths that were seen to be trusted: nobody but root can change that. */
const seen = new Set<string>();

/** By the trust rule; what cannot be followed is reported by whoever opens it. */
function requireTrustedWay(path: string): void {
  if (seen.has(path)) return;
  const verdict = judgePath(path);
  if (verdict.trusted) seen.add(path);
  if (process.getuid?.() !== 0 || verdict.trusted || verdict.uid === null) return;
  throw new UserError(
    EXIT.permission,
    `${path}: not trusted: ${verdict.reason}, and what is there decides what root does`,
    `Look at it, then: ${verdict.command}`,
  );
}

/**
 * Replaces a file of the state folder as a whole (see `replaceOwn`).
 *
 * @throws UserError as `openTrusted`, or the error of the system
 */
export function replaceTrusted(path: string, text: string, { durable = false } = {}): void {
  const open = (each: string, flags: number) => openTrusted(each, flags, 0o640)!;
  replaceOwn(path, text, { durable, open });
}

/** The text of a file that `openTrusted` has opened. @throws UserError failed where the disk does not give it */
export function readOpened(fd: number, path: string): string {
  try {
    return readFileSync(fd, 'utf8');
  } catch (error) {
    throw explainFault(path, error as NodeJS.ErrnoException);
  }
}

/** A fault of the file system in plain words. */
export function explainFault(path: string, error: NodeJS.ErrnoException): UserError {
  switch (error.code) {
    case 'EACCES':
    case 'EPERM':
      return new UserError(EXIT.permission, `${path}: permission denied`, 'Run it as root (sudo).');
    case 'ELOOP':
      return new UserError(
        EXIT.permission,
        `${path}: expected a plain file, found a symbolic link`,
        `Look at where it leads: ls -l ${path}`,
      );
    case 'EISDIR':
    case 'ENOTDIR':
    case 'EEXIST':
      return new UserError(
        EXIT.permission,
        `${path}: expected a ${error.code === 'EISDIR' ? 'file, found a folder' : 'folder, found a file'}`,
        `Look at it: ls -ld ${path}`,
      );
    case 'ENXIO':
      return reportOdd(path);
    case 'ENOSPC':
    case 'EDQUOT':
      return new UserError(
        EXIT.failed,
        `${path}: cannot be written: no space is left`,
        `See what takes it: df -h ${path}`,
      );
    default:
      return new UserError(EXIT.failed, `${path}: ${error.message}`);
  }
}

/** A FIFO, a socket, a device. */
function reportOdd(path: string): UserError {
  const message = `${path}: expected a plain file, found something else`;
  return new UserError(EXIT.permission, message, `Look at it: ls -l ${path}`);
}

function openChecked(path: string, flags: number, mode?: number): number | null {
  let fd: number;
  try {
    // a FIFO would be waited for
    fd = openSync(path, flags | constants.O_NONBLOCK, mode);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && (flags & constants.O_CREAT) === 0) {
      return null;
    }
    throw explainFault(path, error as NodeJS.ErrnoException);
  }
  try {
    assertTrusted(path, fd);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  return fd;
}

function assertTrusted(path: string, fd: number): void {
  const stat = fstatSync(fd);
  if (!stat.isFile() && !stat.isDirectory()) throw reportOdd(path);
  if (process.getuid?.() !== 0) return;
  const { uid, mode } = stat;
  if (uid !== 0) {
    throw new UserError(
      EXIT.permission,
      `${path}: expected to be owned by root, found user ${uid}: it decides what root does`,
      `Look at it, then: chown root: ${path}`,
    );
  }
  if ((mode & WRITABLE_BY_OTHERS) !== 0) {
    throw new UserError(
      EXIT.permission,
      `${path}: expected to be writable by root alone, found mode ${(mode & 0o7777).toString(8)}`,
      `Look at it, then: chmod go-w ${path}`,
    );
  }
}
