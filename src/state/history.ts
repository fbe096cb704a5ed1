import { closeSync, constants, fstatSync, readSync, renameSync, writeSync } from 'node:fs';
import type { HistoryEntry } from '../model/types.ts';
import type { Clocks } from '../model/clocks.ts';
import { startDating, type Dated } from './dates.ts';
import { parseHistoryLine } from './history-lines.ts';
import { readLinesBackwards } from './read-backwards.ts';
import { checkStateDir, ensureStateDir, explainFault, openTrusted } from '../host/files/trusted.ts';

const { O_APPEND, O_CREAT, O_RDONLY, O_RDWR } = constants;

/**
 * How much is kept: a file of 8 MB that is written to and the five before it, so 40 to 48 MB. With six
 * services and a run every two minutes that is about three months, with fifty more than a week, which is
 * the longest duration that a threshold can have.
 */
const MAX_BYTES = 8_000_000;
const OLDER_FILES = 5;

const LINE_FEED = 0x0a;

/** The newest part of the history, oldest first, and what in it could not be read. */
export interface Recent {
  entries: HistoryEntry[];
  warnings: string[];
}

/** The file that is written to. */
export function historyPath(stateDir: string): string {
  return `${stateDir}/history.jsonl`;
}

/**
 * The history back to the newest sample that is at least `neededMs` older than the newest of all (on the
 * boot clock), or of another boot: that one included, so that there is always the last sample. It is read
 * from its end; what it costs does not depend on its age. Lines that are no entries are left out, and values that are
 * wrong are null, with a warning.
 *
 * @throws UserError permission or failed where it cannot be read or not be trusted
 */
export function readRecent(stateDir: string, neededMs: number): Recent {
  const recent: Recent = { entries: [], warnings: [] };
  const { entries } = recent;
  readBackwards(stateDir, recent.warnings, (entry) => {
    entries.push(entry);
    return entry.kind !== 'sample' || !isOld(entry, entries[0] ?? entry, neededMs);
  });
  entries.reverse();
  return recent;
}

/** A part of the history, oldest first, each entry with its moment, and what in it could not be read. */
export interface Since {
  entries: Dated[];
  warnings: string[];
}

/**
 * The history since a moment (milliseconds since 1970), for people: see `startDating` for what counts as its time.
 * Read from its end, so that it costs what is asked for, not what the files hold.
 *
 * @throws UserError as `readRecent`
 */
export function readSince(stateDir: string, sinceMs: number, now: Clocks): Since {
  const entries: Dated[] = [];
  const warnings = visitSince(stateDir, sinceMs, now, (dated) => entries.push(dated));
  return { entries: entries.reverse(), warnings };
}

/**
 * The same for who only counts: each entry is handed over, the newest first, and nothing of it is kept here. Answers
 * the warnings.
 *
 * @throws UserError as `readRecent`
 */
export function visitSince(
  stateDir: string,
  sinceMs: number,
  now: Clocks,
  visit: (dated: Dated) => void,
): string[] {
  const warnings: string[] = [];
  const date = startDating(now);
  readBackwards(stateDir, warnings, (entry) => {
    const atMs = date(entry);
    if (atMs < sinceMs) return false;
    visit({ atMs, entry });
    return true;
  });
  return warnings;
}

/**
 * Writes entries at the end of the history, a line and a call each, after a line that was cut off if need
 * be; of a sample only values that can be read again. The folder and the file are made where they are missing (0750, 0640). Only under the lock.
 *
 * @throws UserError permission or failed, as where the disk is full
 */
export function appendEntries(stateDir: string, entries: readonly HistoryEntry[]): void {
  ensureStateDir(stateDir);
  const path = historyPath(stateDir);
  let fd = openForAppend(path);
  try {
    if (fstatSync(fd).size >= MAX_BYTES) {
      rotate(stateDir);
      closeSync(fd);
      fd = openForAppend(path);
    }
    let before = endsWithinLine(fd) ? '\n' : '';
    for (const entry of entries) {
      writeWhole(fd, `${before}${toLine(entry)}\n`);
      before = '';
    }
  } catch (error) {
    throw explainFault(path, error as NodeJS.ErrnoException);
  } finally {
    closeSync(fd);
  }
}

/** Takes an entry, and answers whether it wants the one before it too. */
type Take = (entry: HistoryEntry) => boolean;

/** Hands over the entries, newest first, until `take` has enough; what was left out is then in `warnings`. */
function readBackwards(stateDir: string, warnings: string[], take: Take): void {
  if (!checkStateDir(stateDir)) return;
  const seen = new Set<number>();
  let wantsMore = true;
  for (let index = 0; wantsMore && index <= OLDER_FILES; index++) {
    const path = filePath(stateDir, index);
    const fd = openTrusted(path, O_RDONLY);
    if (fd === null) continue;
    try {
      const { ino } = fstatSync(fd);
      // a run that appends at this moment may have moved the file that was just read
      if (seen.has(ino)) continue;
      seen.add(ino);
      wantsMore = readFileBackwards(path, fd, warnings, take);
    } catch (error) {
      throw explainFault(path, error as NodeJS.ErrnoException);
    } finally {
      closeSync(fd);
    }
  }
}

/** The same for one file; true: all of it was taken. */
function readFileBackwards(path: string, fd: number, warnings: string[], take: Take): boolean {
  const lines = { count: 0, first: '' };
  const values = { count: 0, first: '' };
  let wantsMore = true;
  readLinesBackwards(fd, (bytes, offset, complete) => {
    const entry = parseHistoryLine(bytes.toString('utf8'), (fault) => {
      values.count++;
      values.first = `at byte ${offset}: ${fault}`;
    });
    if (!('fault' in entry)) return (wantsMore = take(entry));
    lines.count++;
    lines.first = `at byte ${offset}: ${complete ? entry.fault : 'it was cut off'}`;
    return true;
  });
  if (lines.count > 0) {
    const left =
      lines.count === 1
        ? '1 line is not an entry and is'
        : `${lines.count} lines are not entries and are`;
    warnings.push(`${path}: ${left} left out (the first ${lines.first})`);
  }
  if (values.count > 0) {
    const wrong =
      values.count === 1
        ? '1 value is wrong and counts'
        : `${values.count} values are wrong and count`;
    warnings.push(`${path}: ${wrong} as unknown (the first ${values.first})`);
  }
  return wantsMore;
}

/** As it will be read: what would be wrong then is null. */
function toLine(entry: HistoryEntry): string {
  const line = JSON.stringify(entry);
  let isRight = true;
  const read = parseHistoryLine(line, () => (isRight = false));
  if ('fault' in read) throw new Error(`this is not an entry of the history: ${read.fault}`);
  return isRight ? line : JSON.stringify(read);
}

function isOld(entry: HistoryEntry, newest: HistoryEntry, neededMs: number): boolean {
  return entry.boot !== newest.boot || (newest.uptime_s - entry.uptime_s) * 1000 >= neededMs;
}

function filePath(stateDir: string, index: number): string {
  return index === 0 ? historyPath(stateDir) : `${historyPath(stateDir)}.${index}`;
}

function openForAppend(path: string): number {
  const fd = openTrusted(path, O_RDWR | O_APPEND | O_CREAT, 0o640);
  if (fd === null) throw new Error(`${path} was not created`);
  return fd;
}

/** The oldest file is overwritten by the one after it. */
function rotate(stateDir: string): void {
  for (let index = OLDER_FILES - 1; index >= 0; index--) {
    try {
      renameSync(filePath(stateDir, index), filePath(stateDir, index + 1));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

function endsWithinLine(fd: number): boolean {
  const { size } = fstatSync(fd);
  if (size === 0) return false;
  const last = Buffer.alloc(1);
  readSync(fd, last, 0, 1, size - 1);
  return last[0] !== LINE_FEED;
}

/** One call as a rule; a disk that is nearly full takes a part and refuses the rest. */
function writeWhole(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let written = 0; written < bytes.length;) written += writeSync(fd, bytes, written);
}
