import { isUtf8 } from 'node:buffer';
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { EXIT, UserError } from '../errors.ts';
import type { UnitState } from '../systemd/types.ts';
import type { SourceFile, UnitSources } from '../unit-file/types.ts';

const { O_NONBLOCK, O_RDONLY } = constants;

/** No file of a unit is anywhere near it; a larger one is something else. */
const MAX_BYTES = 4 * 2 ** 20;

/**
 * The files of a unit as they are on disk now. An environment file that cannot be read has no text; an
 * optional one that is not there is left out. Which files other units use is not asked here: `sharedPaths`
 * is empty (see `findSharedPaths`). `read` is what they are read by.
 *
 * @throws UserError permission or failed where the unit's main file or a drop-in is there and cannot be read
 */
export function readUnitSources(
  unit: UnitState,
  read: typeof readPlainFile = readPlainFile,
): UnitSources {
  const { id, fragmentPath, dropInPaths } = unit;
  return {
    unit: id,
    fragment: fragmentPath === null ? null : readSource(fragmentPath, read),
    // one that was removed since systemd read it is no part of the unit any more
    dropIns: dropInPaths.map((path) => readSource(path, read)).filter((file) => file !== null),
    environmentFiles: unit.environmentFiles.flatMap(({ path, optional }) => {
      const text = read(path);
      return optional && text === 'ENOENT' ? [] : [{ path, text: textOrNull(text) }];
    }),
    workingDirectory: unit.workingDirectory === '~' ? null : unit.workingDirectory,
    readFile: (path) => textOrNull(read(path)),
    sharedPaths: new Set(),
    cpus: countProcessors(),
  };
}

function readSource(path: string, read: typeof readPlainFile): SourceFile | null {
  const bytes = read(path);
  if (bytes === 'ENOENT') return null;
  const text = textOrNull(bytes);
  if (text !== null) return { path, text };
  throw new UserError(
    bytes === 'EACCES' ? EXIT.permission : EXIT.failed,
    `${path}: ${typeof bytes === 'string' ? `cannot be read (${bytes})` : 'is not UTF-8 text'}`,
    hintFor(bytes, path),
  );
}

function hintFor(bytes: Buffer | string, path: string): string {
  if (bytes === 'EACCES') return 'Run it as root (sudo).';
  if (typeof bytes === 'string') return `Look at it: ls -l ${path}; file ${path}`;
  return `Convert it, for example: iconv -f latin1 -t utf-8 ${path}`;
}

/** The content of a plain file, or why there is none. A pipe that somebody put there does not hold us up. */
export function readPlainFile(path: string): Buffer | string {
  let fd: number | null = null;
  try {
    fd = openSync(path, O_RDONLY | O_NONBLOCK);
    const stat = fstatSync(fd);
    // a masked unit is a link to /dev/null
    if (stat.isCharacterDevice() && stat.size === 0) return Buffer.alloc(0);
    if (!stat.isFile()) return 'not a file';
    if (stat.size > MAX_BYTES) return 'too large';
    return readFileSync(fd);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  } finally {
    if (fd !== null) closeSync(fd);
  }
}

/** What is not UTF-8 could not be written back as it was. */
function textOrNull(bytes: Buffer | string): string | null {
  return typeof bytes !== 'string' && isUtf8(bytes) ? bytes.toString('utf8') : null;
}

/** The processors in service, such as `0-3,6`: what Celery's default, Python's os.cpu_count(), counts. */
export function countProcessors(): number {
  const online = textOrNull(readPlainFile('/sys/devices/system/cpu/online')) ?? '0';
  return online
    .trim()
    .split(',')
    .map((range) => range.split('-').map(Number))
    .reduce((count, [first = 0, last = first]) => count + last - first + 1, 0);
}
