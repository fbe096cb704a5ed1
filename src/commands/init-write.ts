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
import { isExample } from '../config/example.ts';
import { EXIT, UserError } from '../errors.ts';
import { makeFolders } from '../make-folders.ts';
import { explainFault } from '../state/trusted.ts';

/** @throws UserError failed where there is a config already that is more than the example of the installation */
export function requireFree(path: string): void {
  if (existsSync(path) && !isExampleFile(path)) throw alreadyThere(path);
}

/** Only a file itself is replaced: a link may lead to what is somebody else's. */
function isExampleFile(path: string): boolean {
  try {
    return lstatSync(path).isFile() && isExample(readFileSync(path));
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
    if (existsSync(path) && isExampleFile(path)) renameSync(own, path);
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
    'autoscaler init --add adds services that it does not have; --output FILE writes another one; autoscaler check looks at this one.',
  );
}
