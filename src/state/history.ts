import { closeSync, constants, fstatSync, readSync, renameSync, writeSync } from 'node:fs';
import type { HistoryEntry } from '../decide/types.ts';
import { parseHistoryLine } from './history-lines.ts';
import { readLinesBackwards } from './read-backwards.ts';
import { checkStateDir, ensureStateDir, explainFault, openTrusted } from './trusted.ts';

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
 * from its end; what it costs does not depend on its age. Lines that are no entries are left out, with a
 * warning.
 *
 * @throws UserError permission or failed where it cannot be read or not be trusted
 */
export function readRecent(stateDir: string, neededMs: number): Recent {
  const recent: Recent = { entries: [], warnings: [] };
  if (!checkStateDir(stateDir)) return recent;
  const seen = new Set<number>();
  for (let index = 0; index <= OLDER_FILES; index++) {
    const path = filePath(stateDir, index);
    const fd = openTrusted(path, O_RDONLY);
    if (fd === null) continue;
    try {
      const { ino } = fstatSync(fd);
      // a run that appends at this moment may have moved the file that was just read
      if (seen.has(ino)) continue;
      seen.add(ino);
      if (readFileBackwards(path, fd, neededMs, recent)) break;
    } catch (error) {
      throw explainFault(path, error as NodeJS.ErrnoException);
    } finally {
      closeSync(fd);
    }
  }
  recent.entries.reverse();
  return recent;
}

/**
 * Writes entries at the end of the history, a line and a call each, after a line that was cut off if need
 * be. The folder and the file are made where they are missing (0750, 0640). Only under the lock.
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
      writeWhole(fd, `${before}${JSON.stringify(entry)}\n`);
      before = '';
    }
  } catch (error) {
    throw explainFault(path, error as NodeJS.ErrnoException);
  } finally {
    closeSync(fd);
  }
}

/** Adds entries to `recent`, newest first; true: these are enough. */
function readFileBackwards(path: string, fd: number, neededMs: number, recent: Recent): boolean {
  const { entries, warnings } = recent;
  let isEnough = false;
  let faults = 0;
  let first = '';
  for (const { text, offset, complete } of readLinesBackwards(fd)) {
    const entry = parseHistoryLine(text);
    if ('fault' in entry) {
      faults++;
      first = `at byte ${offset}: ${complete ? entry.fault : 'it was cut off'}`;
      continue;
    }
    entries.push(entry);
    isEnough = entry.kind === 'sample' && isOld(entry, entries[0] ?? entry, neededMs);
    if (isEnough) break;
  }
  if (faults > 0) {
    const lines =
      faults === 1 ? '1 line is no entry and is' : `${faults} lines are no entries and are`;
    warnings.push(`${path}: ${lines} left out (the first ${first})`);
  }
  return isEnough;
}

function isOld(entry: HistoryEntry, newest: HistoryEntry, neededMs: number): boolean {
  return entry.boot !== newest.boot || (newest.uptime_s - entry.uptime_s) * 1000 >= neededMs;
}

function filePath(stateDir: string, index: number): string {
  return index === 0 ? historyPath(stateDir) : `${historyPath(stateDir)}.${index}`;
}

function openForAppend(path: string): number {
  const fd = openTrusted(path, O_RDWR | O_APPEND | O_CREAT, 0o640);
  if (fd === null) throw new Error(`${path} was not made`);
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
