import { lstatSync } from 'node:fs';
import { dirname } from 'node:path';
import { isExample } from '../../config/file/is-example.ts';
import { EXIT, UserError } from '../../errors.ts';
import { makeFolders } from '../../host/files/folders.ts';
import { whoWeAre } from '../../host/files/walk.ts';
import { readTarget } from '../../host/files/target.ts';
import { ChangedMeanwhile, writeUserFile } from '../../host/files/write.ts';
import { explainFault } from '../../host/files/trusted.ts';

/** @throws UserError failed where there is a config already that is more than the example of the installation */
export function requireFree(path: string): void {
  const isThere = lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  if (isThere && readExample(path) === null) throw alreadyThere(path);
}

/** The example as the installation has left it. Only a file itself is replaced. null: something else. */
function readExample(path: string): Buffer | null {
  if (lstatSync(path, { throwIfNoEntry: false })?.isFile() !== true) return null;
  const { bytes } = readTarget(path);
  return bytes !== null && isExample(bytes) ? bytes : null;
}

/**
 * Writes a config that is not there yet, for root and its group to read (0640): it may hold a password. Nobody reads half
 * of it, and one that appeared meanwhile is not overwritten; the untouched example is replaced.
 *
 * @throws UserError permission or failed
 */
export function writeNewConfig(path: string, text: string): void {
  try {
    makeFolders(dirname(path), 0o755);
    const before = readExample(path);
    const target = readTarget(path).path;
    const like = { ...whoWeAre(), mode: 0o640, attributes: [] };
    writeUserFile({ path: target, before, after: Buffer.from(text), like }, () => undefined);
  } catch (error) {
    if (error instanceof ChangedMeanwhile) throw alreadyThere(path);
    if (error instanceof UserError) throw error;
    throw explainFault(path, error as NodeJS.ErrnoException);
  }
}

function alreadyThere(path: string): UserError {
  return new UserError(
    EXIT.failed,
    `${path} already exists and is not overwritten`,
    'autoscaler init --add adds services that it does not have; --output FILE writes another one; autoscaler check examines this one.',
  );
}
