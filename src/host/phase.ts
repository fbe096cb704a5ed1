import { readSync, writeSync } from 'node:fs';
import { EXIT, UserError } from '../errors.ts';

/**
 * Where the watchdog's process sees what this one is at: a file of one page. It begins with a letter of `STATE`, the
 * number of the phase, a blank, and the phase in ASCII, up to a line break. At `verdictAt` the watchdog writes with
 * which sentence it has given this run up, up to a line break.
 */
export const PAGE = { bytes: 4096, verdictAt: 2048 } as const;

/** Nothing is being changed; a change is under way; this process knows that the run has been given up, and ends it. */
export const STATE = { idle: '-', changing: '+', ending: '!' } as const;

const MOST_CHARS = 512;

let page: number | null = null;
let text = '';
let entered = 0;
let changing = 0;
let verdict: string | null = null;
let reportVerdict: (verdict: string) => void = () => undefined;

/** The file that tells of the phases from now on, by its descriptor. @throws what writing throws */
export function showPhases(fd: number, hear: (verdict: string) => void): void {
  write(fd);
  page = fd;
  reportVerdict = hear;
}

export function hidePhases(): void {
  page = null;
}

/** Says what is done from now on, such as `measuring web.service: reading its processes`. */
export function enterPhase(what: string): void {
  text = what.slice(0, MOST_CHARS).replaceAll(/[^ -~]/g, '?');
  goOn();
}

/** How many phases and ends of changes there have been, and how many changes are under way. */
export function readPhase(): { entered: number; changing: number } {
  return { entered, changing };
}

/**
 * Carries out what changes something, which the watchdog never ends: it has limits of its own.
 *
 * @throws UserError failed where the run has been given up meanwhile
 */
export async function whileChanging<T>(change: () => Promise<T>): Promise<T> {
  reportBegun?.();
  reportBegun = null;
  changing += 1;
  try {
    goOn();
    // the watchdog looks once more after its verdict, as we do after the announcement: one of the two sees the other
    if (readVerdict() !== null) {
      throw new UserError(EXIT.failed, 'this run was aborted, so nothing more is started');
    }
    return await change();
  } finally {
    changing -= 1;
    goOn();
  }
}

/**
 * Asked before something is written that is no change: a run that was given up has let go of the lock.
 *
 * @throws UserError failed where the run has been given up
 */
export function requireGoing(): void {
  if (readVerdict() === null) return;
  throw new UserError(EXIT.failed, 'this run was aborted, so nothing more is written');
}

/**
 * With which sentence the watchdog has given this run up; null: it has not. Who is to hear it does so the first time, and no
 * change begins any more.
 */
export function readVerdict(): string | null {
  if (verdict !== null || page === null) return verdict;
  const bytes = Buffer.alloc(PAGE.bytes - PAGE.verdictAt);
  const length = readSync(page, bytes, 0, bytes.length, PAGE.verdictAt);
  const end = bytes.subarray(0, length).indexOf('\n');
  if (end <= 0) return null;
  verdict = bytes.toString('latin1', 0, end);
  write(page);
  reportVerdict(verdict);
  return verdict;
}

let reportBegun: (() => void) | null = null;

/** Calls back once, right before the next change begins; null: no more. */
export function onFirstChange(callback: (() => void) | null): void {
  reportBegun = callback;
}

function goOn(): void {
  entered += 1;
  if (page !== null) write(page);
}

function write(fd: number): void {
  const state = verdict !== null ? STATE.ending : changing > 0 ? STATE.changing : STATE.idle;
  writeSync(fd, `${state}${entered} ${text}\n`, 0);
}
