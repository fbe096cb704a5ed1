import { readFileSync } from 'node:fs';
import { EXIT, UserError } from '../../errors.ts';
import { NOT_ENTERED } from '../../host/files/mount-guard.ts';
import { readFile, shortReason, type FileRead } from '../../host/files/read.ts';
import { decodeText } from '../../host/files/text.ts';
import type { UnitState } from '../../model/unit-state.ts';
import { ourEnvironmentPath } from './unit-file/our-files.ts';
import type { FileFacts, SourceFile } from '../../kinds/command/source.ts';
import type { UnitSources } from './unit-file/syntax/types.ts';

/**
 * The files of a unit as they are on disk now, each read once. An environment file that cannot be read has no text; an
 * optional one that is not there is left out. Which files other units use is not asked here: `sharedPaths`
 * is empty (see `findSharedPaths`). `readBy` is what they are read by.
 *
 * @throws UserError permission or failed where the unit's main file or a drop-in is there and cannot be read
 */
export function readUnitSources(
  unit: UnitState,
  readBy: (path: string) => FileRead = readFile,
): UnitSources {
  const { id, fragmentPath, dropInPaths } = unit;
  const seen = new Map<string, FileRead>();
  const read = (path: string): FileRead => {
    const found = seen.get(path) ?? readBy(path);
    seen.set(path, found);
    return found;
  };
  return {
    unit: id,
    fragment: fragmentPath === null ? null : readSource(fragmentPath, read),
    // one that was removed since systemd read it is no part of the unit any more
    dropIns: dropInPaths.map((path) => readSource(path, read)).filter((file) => file !== null),
    environmentFiles: readEnvironmentFiles(unit, seen, read),
    workingDirectory: unit.workingDirectory === '~' ? null : unit.workingDirectory,
    readFile: (path) => textOf(read(path)),
    factsOf: (path) => factsOf(path, read(path)),
    ourEnvironment: textOf(read(ourEnvironmentPath(id))),
    sharedPaths: new Set(),
    edit: 'in-place',
    cpus: countProcessors(),
    kind: unit.kind,
  };
}

/** A unit of somebody else may name any number of them. */
const MOST_FILES = 100;
const MOST_BYTES = 2 ** 20;

/** What is beyond the limits has no text. */
function readEnvironmentFiles(
  { environmentFiles }: UnitState,
  seen: Map<string, FileRead>,
  read: (path: string) => FileRead,
): UnitSources['environmentFiles'] {
  const files: UnitSources['environmentFiles'] = [];
  let left = MOST_BYTES;
  const leaveOut = (path: string, reason: string): void => {
    seen.set(path, { fault: 'too many', reason, verdict: null });
    files.push({ path, text: null });
  };
  for (const { path, optional, tooMany } of environmentFiles) {
    if (tooMany === true) {
      leaveOut(path, `it stands for more than ${MOST_FILES} files`);
      continue;
    }
    if (files.length === MOST_FILES) {
      leaveOut(path, `the unit has more than ${MOST_FILES} environment files`);
      break;
    }
    const found = read(path);
    if (optional && isMissing(found)) continue;
    left -= 'bytes' in found ? found.bytes.length : 0;
    if (left < 0) {
      leaveOut(path, `the environment files are larger than ${MOST_BYTES / 1024} KB together`);
      break;
    }
    files.push({ path, text: textOf(found) });
  }
  return files;
}

/** What was read is what is judged. */
function factsOf(path: string, found: FileRead): FileFacts {
  const { verdict } = found;
  const fault = 'fault' in found ? shortReason(found) : null;
  // it could not even be followed
  if (verdict === null) return { realPath: path, foreign: fault, fault, isMissing: false };
  return {
    realPath: verdict.path,
    foreign: verdict.trusted ? null : verdict.reason,
    fault,
    isMissing: isMissing(found),
  };
}

function isMissing(found: FileRead): boolean {
  return 'fault' in found && found.fault === 'missing';
}

function readSource(path: string, read: (path: string) => FileRead): SourceFile | null {
  const found = read(path);
  if ('bytes' in found) return { path, text: decodeText(found.bytes) };
  if (isMissing(found)) return null;
  const isDenied = found.fault === 'EACCES';
  throw new UserError(
    isDenied ? EXIT.permission : EXIT.failed,
    `${path}: cannot be read (${shortReason(found)})`,
    isDenied ? 'Run it as root (sudo).' : adviseLook(found, path),
  );
}

function adviseLook({ fault }: { fault: string }, path: string): string {
  // whatever asks that file system may wait for ever
  if (fault === NOT_ENTERED) return 'Look at what is mounted: findmnt';
  return `Look at it: ls -l ${path}; file ${path}`;
}

/** Null: it cannot be read. */
function textOf(found: FileRead): string | null {
  return 'bytes' in found ? decodeText(found.bytes) : null;
}

/** The processors in service, such as `0-3,6`: what Celery's default, Python's os.cpu_count(), counts. */
export function countProcessors(): number {
  const online = readOnline();
  return online
    .trim()
    .split(',')
    .map((range) => range.split('-').map(Number))
    .reduce((count, [first = 0, last = first]) => count + last - first + 1, 0);
}

function readOnline(): string {
  try {
    return readFileSync('/sys/devices/system/cpu/online', 'utf8');
  } catch {
    return '0';
  }
}
