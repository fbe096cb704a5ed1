import { fstatSync, writeSync } from 'node:fs';
import { makeVisible } from './output/visible.ts';

const STDOUT = 1;
const STDERR = 2;

/** Of character devices: memory, null, full and the like; all others that stand for a stream are terminals. */
const MEMORY_DEVICES = 1;

/** How long to wait for a reader of a pipe that is full and does not make us wait by itself. */
const FULL_PIPE_MS = 5;

let isGone = false;
let hasFailed = false;
let isStreaming = false;

/**
 * Writes to stdout at once, without Node's stream for it: making that costs a short command a tenth of its
 * time. What a terminal would obey is made visible, but for `ESC`. A reader that has gone away (`| head`) is no error of ours, and must not end a change half-way.
 * What else keeps a result from being written (a full disk) is told, and `hasLostOutput` says so at the end.
 */
export function writeOut(text: string): void {
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
  try {
    writeWhole(STDERR, text);
  } catch {
    // told above
  }
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
