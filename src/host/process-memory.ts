import { spawnSync } from 'node:child_process';
import { CHILD_ENV } from '../child-env.ts';
import { explainErrno } from '../host-fault.ts';
import { monotonicMs } from '../monotonic.ts';
import type { Head } from './kernel-files.ts';
import { randomText } from './random.ts';

/** Why files were not read, for people; `isTooMuch`: they are larger together than what is read of them. */
export interface Unread {
  error: string;
  isTooMuch: boolean;
}

/** What is read, and how long it may take. */
interface Limits {
  maxBytes: number;
  allBytes: number;
  /** default: a second */
  limitMs?: number;
}

/** On a busy host the program takes some tens of milliseconds, and each file a fraction of one. */
const LIMIT_MS = 1000;
/** What all that does not answer may cost in a run; after that each is waited for no longer than the least limit. */
const ALL_MS = 3000;
const LEAST_MS = 300;
/** So long one that has not answered is not asked again: a service that is being changed is looked at four times a second. */
const SILENT_MS = 10_000;

/** What was read ahead is taken once, and soon: the same processes are asked for in the next moment. */
const AHEAD_MS = 2000;

let spentMs = 0;
let ahead: { heads: Map<string, Head>; untilMs: number } | null = null;
/** Until when each file is taken for one that does not answer. */
const silent = new Map<string, number>();

/**
 * The beginnings of files that the kernel makes of the memory of a process (`cmdline`, `environ`, `smaps_rollup` in its
 * folder of /proc), at most `maxBytes` of each and `allBytes` of all; one that is not there is empty.
 *
 * Whoever reads such a file waits for the lock of that memory, and a process can hold it for ever: it maps a file of a
 * file system of its own (FUSE) that never answers. So another program reads them, `head`, which can be killed. What it
 * prints is parted by what only root and that program know, its own environment.
 */
export function readMemoryFiles(
  paths: readonly string[],
  { maxBytes, allBytes, limitMs = LIMIT_MS }: Limits,
): Head[] | Unread {
  if (paths.length === 0) return [];
  const startMs = monotonicMs();
  const taken = takeAhead(paths, maxBytes);
  if (taken !== null) return taken;
  if (paths.some((path) => (silent.get(path) ?? 0) > startMs)) return NO_ANSWER;
  const read = callHead(paths, { maxBytes, allBytes, limitMs });
  if ('error' in read && read.isLate) {
    for (const path of paths) silent.set(path, monotonicMs() + SILENT_MS);
  }
  return read;
}

/**
 * Reads files of many services at once, so that each of them need not start a program of its own: what `readMemoryFiles`
 * is then asked for in this moment is there. Where one of them does not answer, or they are too large together, nothing is, and each
 * service is asked by itself.
 */
export function readMemoryAhead(paths: readonly string[], limits: Limits): void {
  ahead = null;
  if (paths.length === 0) return;
  const heads = callHead(paths, limits);
  if ('error' in heads) return;
  ahead = {
    heads: new Map(paths.map((path, index) => [path, heads[index]!])),
    untilMs: monotonicMs() + AHEAD_MS,
  };
}

function takeAhead(paths: readonly string[], maxBytes: number): Head[] | null {
  if (ahead === null || monotonicMs() > ahead.untilMs) return null;
  const found = paths.map((path) => ahead?.heads.get(path));
  if (!found.every((head) => head !== undefined && head.text.length <= maxBytes)) return null;
  for (const path of paths) ahead.heads.delete(path);
  return found as Head[];
}

function callHead(
  paths: readonly string[],
  { maxBytes, allBytes, limitMs = LIMIT_MS }: Limits,
): Head[] | (Unread & { isLate?: true }) {
  const startMs = monotonicMs();
  const key = randomText();
  const env = { ...CHILD_ENV, AUTOSCALER_KEY: key };
  const files = paths.flatMap((path) => [path, '/proc/self/environ']);
  const { stdout, error } = spawnSync('head', ['-q', '-c', String(maxBytes + 1), '--', ...files], {
    ...{ env, cwd: '/', stdio: ['ignore', 'pipe', 'ignore'], killSignal: 'SIGKILL' },
    timeout: Math.round(Math.max(LEAST_MS, Math.min(limitMs, ALL_MS - spentMs))),
    maxBuffer: allBytes + paths.length * 512,
  });
  switch ((error as NodeJS.ErrnoException | undefined)?.code) {
    case undefined:
      return parse(stdout, toEnviron(env), paths.length, maxBytes);
    case 'ETIMEDOUT': {
      spentMs += monotonicMs() - startMs;
      return { ...NO_ANSWER, isLate: true };
    }
    case 'ENOBUFS':
      return { error: `more than ${allBytes} bytes`, isTooMuch: true };
    default:
      return { error: `head could not be started: ${explainErrno(error)}`, isTooMuch: false };
  }
}

const NO_ANSWER: Unread = {
  error: 'the kernel gave no answer: a process of it may hold the lock of its memory',
  isTooMuch: false,
};

function toEnviron(env: Record<string, string>): string {
  return Object.entries(env)
    .map(([name, value]) => `${name}=${value}\0`)
    .join('');
}

function parse(bytes: Buffer, end: string, count: number, maxBytes: number): Head[] | Unread {
  const heads: Head[] = [];
  for (let at = 0; at < bytes.length;) {
    const next = bytes.indexOf(end, at);
    if (next < 0) break;
    const isCut = next - at > maxBytes;
    heads.push({ text: bytes.toString('utf8', at, isCut ? at + maxBytes : next), isCut });
    at = next + Buffer.byteLength(end);
  }
  return heads.length === count
    ? heads
    : { error: 'head has not read all of it', isTooMuch: false };
}
