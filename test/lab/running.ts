import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import type { Readable, Writable } from 'node:stream';

/** How a program ended: `exitCode` is null where a signal ended it. */
export interface Result {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  /** it was killed because it took too long */
  isLate: boolean;
}

/** A program that was started and has not been waited for. */
export interface Running {
  stdin: Writable;
  stdout: Readable;
  /** signals the program itself, not the `nsenter` above it, whose exit code then tells the truth */
  kill: (signal: NodeJS.Signals) => void;
  /** resolves when the program has ended and all of its output is read */
  done: Promise<Result>;
}

/**
 * Starts `argv` of this machine with exactly `env`; all of its process group is killed after `timeoutMs`.
 * The result never rejects but for a program that cannot be started at all.
 */
export function startProcess(
  argv: readonly string[],
  env: Record<string, string>,
  timeoutMs: number,
): Running {
  const [file, ...args] = argv;
  if (file === undefined) throw new Error('no program given');
  // a process group of its own, so that a time-out reaches what the program itself has started
  const child = spawn(file, args, { env, detached: true, stdio: 'pipe' });
  // a program that ends without reading its input is not a fault of the test
  child.stdin.on('error', () => {});
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    killGroup(child.pid);
  }, timeoutMs);
  const done = new Promise<Result>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode, signal) => {
      clearTimeout(timer);
      resolve({ exitCode, signal, stdout: stdout(), stderr: stderr(), isLate });
    });
  });
  // whoever does not wait for the end (a load that a test leaves behind) does not hear of a failure
  done.catch(() => {});
  const kill = (signal: NodeJS.Signals) => {
    for (const pid of childrenOf(child.pid)) process.kill(pid, signal);
  };
  return { stdin: child.stdin, stdout: child.stdout, kill, done };
}

/** The children of a process of this machine; none where it is gone. */
export function childrenOf(pid: number | undefined): number[] {
  if (pid === undefined) return [];
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return text === '' ? [] : text.split(' ').map(Number);
  } catch {
    return [];
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // it has ended in this moment
  }
}

function collect(stream: Readable): () => string {
  const decoder = new StringDecoder('utf8');
  let text = '';
  stream.on('data', (chunk: Buffer) => (text += decoder.write(chunk)));
  return () => text + decoder.end();
}
