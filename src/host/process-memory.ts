import { closeSync, fstatSync, readSync } from 'node:fs';
import { CHILD_ENV } from './child-env.ts';
import { explainErrno } from './fault.ts';
import { monotonicMs } from './monotonic.ts';
import type { Head } from './kernel-files.ts';
import { isTaken, leaveBehind, listOpen, scopeFor } from './left-readers.ts';
import { hasEnded, killGroup, openPage, startProgram, waitUntil } from './other-program.ts';
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
/** How long one that has not answered is not asked again: a service that is being changed is looked at four times a second. */
const SILENT_MS = 10_000;

/** How long one that is killed takes to end. */
const DYING_MS = 200;

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
 *
 * Where the process ends while it is read, that program gives its memory back in its stead, and may wait for such a file
 * system without end, killed or not. Then it is left behind, and nothing of that unit is read until it is over.
 */
export function readMemoryFiles(
  paths: readonly string[],
  { maxBytes, allBytes, limitMs = LIMIT_MS }: Limits,
): Head[] | Unread {
  if (paths.length === 0) return [];
  const startMs = monotonicMs();
  const known = takeAhead(paths, maxBytes);
  if (known !== null) return known;
  if (paths.some((path) => (silent.get(path) ?? 0) > startMs)) return NO_ANSWER;
  const scopes = findScopes(paths);
  const taken = [...new Set(scopes.values())].find(isTaken);
  if (taken !== undefined) return reportTaken(taken);
  const read = callHead(paths, scopes, { maxBytes, allBytes, limitMs });
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
export function readMemoryAhead(all: readonly string[], limits: Limits): void {
  ahead = null;
  const scopes = findScopes(all);
  const taken = new Set([...new Set(scopes.values())].filter(isTaken));
  const paths = all.filter((path) => !taken.has(scopes.get(path) ?? ''));
  if (paths.length === 0) return;
  const heads = callHead(paths, scopes, limits);
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

/** By path; those that belong to no unit have none. */
function findScopes(paths: readonly string[]): Map<string, string> {
  const scopes = paths.map((path): [string, string | null] => [path, scopeFor(path)]);
  return new Map(scopes.filter((entry): entry is [string, string] => entry[1] !== null));
}

/** `scopes`: where `head` is left if it cannot be ended. */
function callHead(
  paths: readonly string[],
  scopes: ReadonlyMap<string, string>,
  { maxBytes, allBytes, limitMs = LIMIT_MS }: Limits,
): Head[] | (Unread & { isLate?: true }) {
  const startMs = monotonicMs();
  const endMs = startMs + Math.max(LEAST_MS, Math.min(limitMs, ALL_MS - spentMs));
  const mostBytes = allBytes + paths.length * 512;
  const key = randomText();
  const env = { ...CHILD_ENV, AUTOSCALER_KEY: key };
  const files = paths.flatMap((path) => [path, '/proc/self/environ']);
  let page: number | null = null;
  let pid: number | null = null;
  try {
    page = openPage();
    pid = startProgram('head', ['-q', '-c', String(maxBytes + 1), '--', ...files], page, env);
    if (pid === null) return { error: 'head could not be started', isTooMuch: false };
    const head = { page, pid };
    const isOver = (): boolean => hasEnded(head.pid) || fstatSync(head.page).size > mostBytes;
    waitUntil(() => isOver() || monotonicMs() >= endMs);
    const isLate = !isOver();
    if (isLate) {
      end(pid, scopes);
      spentMs += monotonicMs() - startMs;
      return { ...NO_ANSWER, isLate: true };
    }
    const bytes = readPage(page, mostBytes);
    if (bytes === null) return { error: `more than ${allBytes} bytes`, isTooMuch: true };
    const heads = parse(bytes, toEnviron(env), maxBytes);
    return heads.length === paths.length
      ? heads
      : { error: 'head has not read all of it', isTooMuch: false };
  } catch (error) {
    return { error: `head could not be started: ${explainErrno(error)}`, isTooMuch: false };
  } finally {
    if (pid !== null) killGroup(pid);
    if (page !== null) closeSync(page);
  }
}

/** Kills `head`, and leaves it behind where it does not end by that. */
function end(pid: number, scopes: ReadonlyMap<string, string>): void {
  killGroup(pid);
  const endMs = monotonicMs() + DYING_MS;
  waitUntil(() => hasEnded(pid) || monotonicMs() >= endMs);
  if (hasEnded(pid)) return;
  const scope = listOpen(pid).flatMap((path) => scopes.get(path) ?? [])[0];
  leaveBehind(pid, scope ?? `autoscaler-reads-${pid}.scope`);
}

/** null: it is larger. */
function readPage(page: number, mostBytes: number): Buffer | null {
  const { size } = fstatSync(page);
  if (size > mostBytes) return null;
  const bytes = Buffer.allocUnsafe(size);
  let length = 0;
  while (length < size) {
    const got = readSync(page, bytes, length, size - length, length);
    if (got === 0) break;
    length += got;
  }
  return bytes.subarray(0, length);
}

const NO_ANSWER: Unread = {
  error: 'the kernel gave no answer: a process of it may hold the lock of its memory',
  isTooMuch: false,
};

function reportTaken(scope: string): Unread {
  const error = `a program that looked at them before still waits for the kernel (${scope})`;
  return { error, isTooMuch: false };
}

function toEnviron(env: Record<string, string>): string {
  return Object.entries(env)
    .map(([name, value]) => `${name}=${value}\0`)
    .join('');
}

/** As many as there are, each with its end behind it. */
function parse(bytes: Buffer, end: string, maxBytes: number): Head[] {
  const heads: Head[] = [];
  for (let at = 0; at < bytes.length;) {
    const next = bytes.indexOf(end, at);
    if (next < 0) break;
    const isCut = next - at > maxBytes;
    heads.push({ text: bytes.toString('utf8', at, isCut ? at + maxBytes : next), isCut });
    at = next + Buffer.byteLength(end);
  }
  return heads;
}
