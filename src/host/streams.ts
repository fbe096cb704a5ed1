import { fstatSync, writeSync } from 'node:fs';
import { cleanText } from '../model/clean-text.ts';
import { ESC, makeVisible } from './visible.ts';

const STDOUT = 1;
const STDERR = 2;

/** Removes the line and goes to its beginning (ECMA-48, EL and CHA). */
const CLEAR_LINE = `${ESC}[2K${ESC}[G`;

/** Of character devices: memory, null, full and the like; all others that stand for a stream are terminals. */
const MEMORY_DEVICES = 1;

/** How long to wait for a reader of a pipe that is full and does not make us wait by itself. */
const FULL_PIPE_MS = 5;

/** At most this much of a status line: it must not be longer than a terminal is wide. */
const STATUS_COLUMNS = 78;

let isGone = false;
let hasStatus = false;
let isStatusAllowed = false;
let hasFailed = false;
let isStreaming = false;

/**
 * Writes to stdout at once, without Node's stream for it: making that costs a short command a tenth of its
 * time. What a terminal would obey is made visible, but for `ESC`. A reader that has gone away (`| head`) is no error of ours, and must not end a change half-way.
 * What else keeps a result from being written (a full disk) is reported, and `hasLostOutput` says so at the end.
 */
export function writeOut(text: string): void {
  clearStatus();
  if (isGone || hasFailed) return;
  try {
    writeWhole(STDOUT, text);
  } catch (error) {
    noteFault(error as NodeJS.ErrnoException);
  }
}

/** The same for a command that writes by Node's stream, as one must that waits for a slow reader. */
export function guardStdout(): void {
  isStreaming = true;
  process.stdout.on('error', noteFault);
}

/** Calls back when all output has been handed on. */
export function afterOutput(callback: () => void): void {
  if (isStreaming) process.stdout.write('', callback);
  else callback();
}

function noteFault(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') isGone = true;
  if (isGone || hasFailed) return;
  hasFailed = true;
  writeErr(`autoscaler: the result cannot be written: ${error.message}\n`);
}

/** Writes to stderr in the same way; where that is impossible, there is nowhere left to tell it. */
export function writeErr(text: string): void {
  clearStatus();
  try {
    writeWhole(STDERR, text);
  } catch {
    // told above
  }
}

/** Whether there may be a line that is overwritten: at a terminal that can, where people have not asked for less. */
export function allowStatus({ quiet, color }: { quiet?: boolean; color: boolean }): void {
  isStatusAllowed =
    quiet !== true && color && isTerminal('stderr') && process.env['TERM'] !== 'dumb';
}

export function mayShowStatus(): boolean {
  return isStatusAllowed;
}

/** One line at the terminal behind stderr, in the place of the one before; the next output of ours removes it. */
export function showStatus(text: string): void {
  if (!isStatusAllowed) return;
  // 0: a terminal that does not know its own width
  const columns = Math.min(process.stderr.columns || STATUS_COLUMNS, STATUS_COLUMNS);
  const [line = ''] = cleanText(text, columns - 1).split('\n', 1);
  writeErr(`${CLEAR_LINE}${line}`);
  hasStatus = true;
}

/** To be called before anything else is written to the terminal. */
export function clearStatus(): void {
  if (!hasStatus) return;
  hasStatus = false;
  writeErr(CLEAR_LINE);
}

/** Whether nobody reads the result any more. */
export function isReaderGone(): boolean {
  return isGone;
}

/** Whether something of the result could not be written. */
export function hasLostOutput(): boolean {
  return hasFailed;
}

/** Whether a person reads it. */
export function isTerminal(stream: 'stdout' | 'stderr'): boolean {
  try {
    const stat = fstatSync(stream === 'stdout' ? STDOUT : STDERR);
    if (!stat.isCharacterDevice() || stat.rdev >> 8 === MEMORY_DEVICES) return false;
    return process[stream].isTTY === true;
  } catch {
    // it is closed
    return false;
  }
}

function writeWhole(fd: number, text: string): void {
  const bytes = Buffer.from(makeVisible(text));
  for (let written = 0; written < bytes.length;) {
    try {
      written += writeSync(fd, bytes, written);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_PIPE_MS);
    }
  }
}
