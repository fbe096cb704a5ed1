import { EXIT, UserError } from '../errors.ts';

/** A system error in words a user can act upon, such as `no space left on the disk`. */
export function explainErrno(error: unknown): string {
  const { code, message, stderr } = error as NodeJS.ErrnoException & { stderr?: string };
  // a program that fails (cp) says why in its last line
  const stated = stderr?.trimEnd().split('\n').at(-1);
  return (code !== undefined && ERRNO[code]) || stated || message;
}

/**
 * A fault of the host (a system call that failed, a program that could not be run or that failed) as an error for
 * people; a `UserError` as it is. null: neither, and so a bug of ours. `path`: of what it is told where the system
 * does not tell it.
 */
export function toUserError(error: unknown, path?: string): UserError | null {
  if (error instanceof UserError) return error;
  if (!(error instanceof Error) || !isOfHost(error)) return null;
  const { code, syscall, path: given } = error as NodeJS.ErrnoException;
  const what = path ?? given;
  const call = syscall === undefined || ERRNO[code ?? ''] === undefined ? '' : ` (${syscall})`;
  const exitCode = code === 'EACCES' || code === 'EPERM' ? EXIT.permission : EXIT.failed;
  return new UserError(
    exitCode,
    `${what === undefined ? '' : `${what}: `}${explainErrno(error)}${call}`,
  );
}

/**
 * A bug of ours that came up with what somebody else has written: it is reported as an error of that service, with its place,
 * and costs no other one its turn.
 */
export function tellBug(error: unknown): string {
  const { stack, message } = error as Partial<Error>;
  const place = /^ +at .*$/m.exec(stack ?? '')?.[0].trim() ?? 'location unknown';
  return `this is a bug in autoscaler, please report it: ${message ?? String(error)} (${place})`;
}

/** Node's own errors have a code that begins with `ERR_`; those of execa are of a program, whatever its end. */
function isOfHost(error: Error): boolean {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (error.name === 'ExecaError') return true;
  return code !== undefined && /^E[A-Z0-9]+$/.test(code) && syscall !== undefined;
}

const ERRNO: Record<string, string> = {
  ENOSPC: 'no space left on the disk (ENOSPC)',
  EDQUOT: 'the disk quota is used up (EDQUOT)',
  EROFS: 'the file system is mounted read-only (EROFS)',
  EACCES: 'permission denied (EACCES)',
  EPERM: 'not permitted (EPERM); is the file immutable (lsattr), or are you not root?',
  EIO: 'the disk reports an error (EIO)',
  ENOENT: 'no such file or folder (ENOENT)',
  ELOOP: 'a link, or a loop of links, where a file is expected (ELOOP)',
  ENOTDIR: 'a file where a folder is expected (ENOTDIR)',
  EISDIR: 'a folder where a file is expected (EISDIR)',
  ENAMETOOLONG: 'the name is too long for the file system (ENAMETOOLONG)',
  EMFILE: 'too many files are open in this process (EMFILE)',
  ENFILE: 'too many files are open on this host (ENFILE)',
  EAGAIN: 'no more processes or threads can be started now (EAGAIN)',
  ENOMEM: 'out of memory (ENOMEM)',
  ESTALE: 'the file server no longer knows it (ESTALE)',
};
