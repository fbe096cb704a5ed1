import { createHash } from 'node:crypto';
import {
  existsSync,
  fsyncSync,
  closeSync,
  linkSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { EXIT, UserError } from '../errors.ts';
import { makeFolders } from '../make-folders.ts';
import { explainFault } from '../state/trusted.ts';

/** @throws UserError failed where there is a config already that is more than the example of the installation */
export function requireFree(path: string): void {
  if (existsSync(path) && !isExample(path)) throw alreadyThere(path);
}

/** Whether a file is the example as the installation has left it: by the checksum in its first line. */
function isExample(path: string): boolean {
  try {
    if (!lstatSync(path).isFile()) return false;
    const text = readFileSync(path, 'utf8');
    const start = text.indexOf('\n') + 1;
    const sum = /^\/\/ An example: .*\(sha256 ([0-9a-f]{64})\)\.\n/.exec(text)?.[1];
    return sum === createHash('sha256').update(text.slice(start)).digest('hex');
  } catch (error) {
    throw explainFault(path, error as NodeJS.ErrnoException);
  }
}

/**
 * Writes a config that is not there yet, for root and its group to read (0640): it may hold a password. By a
 * link, so that nobody reads half of it, and one that appeared meanwhile is not overwritten; the untouched example is
 * replaced.
 *
 * @throws UserError permission or failed
 */
export function writeNewConfig(path: string, text: string): void {
  const own = `${path}.${process.pid}`;
  try {
    makeFolders(dirname(path), 0o755);
    const fd = openSync(own, 'wx', 0o640);
    try {
      const bytes = Buffer.from(text);
      for (let written = 0; written < bytes.length;) written += writeSync(fd, bytes, written);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    if (existsSync(path) && isExample(path)) renameSync(own, path);
    else linkSync(own, path);
  } catch (error) {
    if (error instanceof UserError) throw error;
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
