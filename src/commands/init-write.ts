import {
  existsSync,
  fsyncSync,
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { EXIT, UserError } from '../errors.ts';
import { explainFault } from '../state/trusted.ts';

/** @throws UserError failed where there is a file already */
export function requireFree(path: string): void {
  if (!existsSync(path)) return;
  throw alreadyThere(path);
}

/**
 * Writes a config that is not there yet, for root and its group to read (0640): it may hold a password. By a
 * link, so that nobody reads half of it, and one that appeared meanwhile is not overwritten.
 *
 * @throws UserError permission or failed
 */
export function writeNewConfig(path: string, text: string): void {
  const own = `${path}.${process.pid}`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    const fd = openSync(own, 'wx', 0o640);
    try {
      const bytes = Buffer.from(text);
      for (let written = 0; written < bytes.length;) written += writeSync(fd, bytes, written);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    linkSync(own, path);
  } catch (error) {
    const fault = error as NodeJS.ErrnoException;
    throw fault.code === 'EEXIST' ? alreadyThere(path) : explainFault(path, fault);
  } finally {
    rmSync(own, { force: true });
  }
}

function alreadyThere(path: string): UserError {
  return new UserError(
    EXIT.failed,
    `${path} is there already, and is not overwritten`,
    'autoscaler init --output FILE writes another one; autoscaler check looks at this one.',
  );
}
