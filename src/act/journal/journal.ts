import { mkdirSync, readdirSync } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { EXIT, UserError } from '../../errors.ts';
import { readFile } from '../../host/files/read.ts';
import { judgePath } from '../../host/files/judge.ts';
import { explainErrno } from '../../host/fault.ts';
import { replaceOwn, syncFolder } from '../../host/files/own.ts';
import { parseManifest, type Manifest, type ManifestFault } from './manifest.ts';

/**
 * The journal: `BACKUP_DIR/changes/`, a folder per change, its name `NUMBER-SERVICE` (numbers only
 * grow, whatever the clock does). `….new` is being registered (nothing is changed yet), `….pending`
 * is in progress, without a suffix it is finished, `….broken` is what nobody can read.
 */
export function changesFolder(backupDir: string): string {
  return join(backupDir, 'changes');
}

/** The highest number that this process has given, by journal: one that is given up must not be given again. */
const given = new Map<string, number>();

/**
 * Makes the folder of the next change of `service`, `….new`, and gives it its name. Nothing comes between the look at the
 * numbers and the folder, so that changes that are registered side by side have numbers of their own.
 */
export function makeChange(backupDir: string, service: string): { id: string; folder: string } {
  const changes = changesFolder(backupDir);
  const numbers = [given.get(changes) ?? 0, ...readdirSync(changes).map(numberOf)];
  const next = numbers.reduce((highest, each) => Math.max(highest, each), 0) + 1;
  const id = `${String(next).padStart(6, '0')}-${shorten(service)}`;
  const folder = join(changes, `${id}.new`);
  mkdirSync(folder, { mode: 0o700 });
  given.set(changes, next);
  return { id, folder };
}

/** A change that has not ended, or the reason why its manifest cannot be used. */
export interface PendingChange {
  folder: string;
  manifest: Manifest | ManifestFault;
}

/** The changes in progress, oldest first. */
export async function listPending(backupDir: string): Promise<PendingChange[]> {
  const names = (await listNames(backupDir)).filter((name) => name.endsWith('.pending'));
  return names.map((name) => {
    const folder = join(changesFolder(backupDir), name);
    return { folder, manifest: readManifest(folder) };
  });
}

/** The finished changes that can be read, oldest first; of one service, or of all. */
export async function listFinished(backupDir: string, service?: string): Promise<Manifest[]> {
  const names = (await listNames(backupDir)).filter(
    (name) =>
      /^\d+-[^/]*$/.test(name) &&
      !/\.(new|pending|broken)$/.test(name) &&
      (service === undefined || name.endsWith(`-${shorten(service)}`)),
  );
  const manifests: Manifest[] = [];
  for (const name of names) {
    const manifest = readManifest(join(changesFolder(backupDir), name));
    if ('fault' in manifest) continue;
    if (service === undefined || manifest.service === service) manifests.push(manifest);
  }
  return manifests;
}

/**
 * What of the journal cannot be read, for people: such a change is neither listed nor taken back.
 */
export async function listUnreadable(backupDir: string): Promise<string[]> {
  const sentences: string[] = [];
  for (const name of await listNames(backupDir)) {
    if (!/^\d+-/.test(name) || name.endsWith('.new')) continue;
    const folder = join(changesFolder(backupDir), name);
    const manifest = readManifest(folder);
    if (!('fault' in manifest)) continue;
    const what = manifest.fault === 'newer' ? 'was made by a newer autoscaler' : 'cannot be read';
    sentences.push(
      `${folder}: this change ${what} (${manifest.detail}), so it is not listed and cannot be rolled back; the files from before it are in there`,
    );
  }
  return sentences;
}

/** Writes down how far a change has come; on disk when it returns. */
export function saveManifest(folder: string, manifest: Manifest): void {
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  replaceOwn(join(folder, 'manifest.json'), text, { durable: true });
}

/** Renames a change's folder (the last step of registering and of finishing); on disk when it returns. */
export async function renameChange(backupDir: string, from: string, name: string): Promise<string> {
  const to = join(changesFolder(backupDir), name);
  await rename(from, to);
  syncFolder(changesFolder(backupDir));
  return to;
}

/** Removes a change from the journal: by a rename first, so that a half-removed one is never taken for one. */
export async function removeChange(backupDir: string, folder: string): Promise<void> {
  const doomed = `${folder}.new`;
  await rename(folder, doomed);
  await rm(doomed, { recursive: true, force: true });
  syncFolder(changesFolder(backupDir));
}

/** Removes what was being registered when a run died: nothing had been changed. Answers what could not be removed. */
export async function sweepUnregistered(backupDir: string): Promise<string[]> {
  const faults: string[] = [];
  for (const name of await listNames(backupDir)) {
    if (!name.endsWith('.new')) continue;
    const path = join(changesFolder(backupDir), name);
    await rm(path, { recursive: true, force: true }).catch((error: unknown) => {
      faults.push(
        `${path}: the remains of a change that was never started cannot be removed: ${explainErrno(error)}`,
      );
    });
  }
  return faults;
}

/** Above any manifest and any file that an older version made a copy of. */
const MOST_BYTES = 4 * 2 ** 20;

/** The copy `name` in a change's folder. @throws UserError failed where it cannot be read, or others can write it */
export function readCopyIn(folder: string, name: string): Buffer {
  const path = join(folder, name);
  const read = readFile(path, MOST_BYTES);
  const fault =
    'fault' in read
      ? read.reason
      : read.verdict.trusted
        ? null
        : `not trusted: ${read.verdict.reason}`;
  if ('fault' in read || fault !== null) {
    throw new UserError(EXIT.failed, `${path}: the backup copy cannot be read (${fault})`);
  }
  return read.bytes;
}

function readManifest(folder: string): Manifest | ManifestFault {
  const read = readFile(join(folder, 'manifest.json'), MOST_BYTES);
  const fault = (fault: ManifestFault['fault'], detail: string): ManifestFault => ({
    ...{ fault, service: serviceOf(folder), detail },
  });
  if ('fault' in read) {
    // it is not there, or something else is: that stays so
    const stays = ['missing', 'folder', 'not a file', 'ENOTDIR'].includes(read.fault);
    return fault(stays ? 'corrupt' : 'unreadable', read.reason);
  }
  const { verdict, bytes } = read;
  if (!verdict.trusted) return fault('unreadable', `not trusted: ${verdict.reason}`);
  return parseManifest(bytes.toString('utf8'));
}

/** The service that a change's folder is named for; null where that is not certain: it may have been cut. */
function serviceOf(folder: string): string | null {
  const service = /^\d+-(.+)\.pending$/.exec(basename(folder))?.[1];
  return service === undefined || service.length === MAX_LENGTH ? null : service;
}

async function listNames(backupDir: string): Promise<string[]> {
  const verdict = judgePath(changesFolder(backupDir));
  if (!verdict.trusted && verdict.uid === null) throw cannotRead(backupDir, verdict.reason);
  if (!verdict.trusted) {
    throw new UserError(
      EXIT.failed,
      `${changesFolder(backupDir)}: not trusted: ${verdict.reason}`,
      `Whoever can write it decides what root writes into units. Run: ${verdict.command}`,
    );
  }
  try {
    return (await readdir(changesFolder(backupDir))).sort((a, b) => numberOf(a) - numberOf(b));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw cannotRead(backupDir, explainErrno(error));
  }
}

function cannotRead(backupDir: string, why: string): UserError {
  return new UserError(
    EXIT.failed,
    `${changesFolder(backupDir)}: cannot be read: ${why}`,
    'It holds the backups of all changes: repair it, or set "backup_dir" in "global" to another folder.',
  );
}

function numberOf(name: string): number {
  return Number.parseInt(name, 10) || 0;
}

/** A file name has room for 255 bytes, as many as a unit's name may have. */
const MAX_LENGTH = 200;

function shorten(service: string): string {
  return service.slice(0, MAX_LENGTH);
}
