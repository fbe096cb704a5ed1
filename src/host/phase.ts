import { EXIT, UserError } from '../errors.ts';

const TEXT_BYTES = 512;

/**
 * What this process is at, where the watchdog's thread sees it too: four words, and the text of the phase.
 * The words are named by `WORD`.
 */
export const PHASE = new SharedArrayBuffer(16 + TEXT_BYTES);

/**
 * `entered`: counts the phases; `changing`: how many changes are under way, -1: none may begin any more;
 * `length`: that of the text, bytes; `heard`: 1 once the main thread has been told that the run is given up, and ends it.
 */
export const WORD = { entered: 0, changing: 1, length: 2, heard: 3 } as const;

const words = new Int32Array(PHASE, 0, 4);
const text = Buffer.from(PHASE, 16, TEXT_BYTES);

/** Says what is done from now on, such as `measuring web.service: reading its processes`. */
export function enterPhase(what: string): void {
  words[WORD.length] = text.write(what);
  Atomics.add(words, WORD.entered, 1);
}

/**
 * Carries out what changes something, which the watchdog never ends: it has limits of its own.
 *
 * @throws UserError failed where the run has been given up meanwhile
 */
export async function whileChanging<T>(change: () => Promise<T>): Promise<T> {
  if (!begin()) throw new UserError(EXIT.failed, 'this run was given up, so nothing more is begun');
  try {
    return await change();
  } finally {
    Atomics.sub(words, WORD.changing, 1);
    Atomics.add(words, WORD.entered, 1);
  }
}

/**
 * Asked before something is written that is no change: a run that was given up has let go of the lock.
 *
 * @throws UserError failed where the run has been given up
 */
export function requireGoing(): void {
  if (Atomics.load(words, WORD.changing) >= 0) return;
  throw new UserError(EXIT.failed, 'this run was given up, so nothing more is written');
}

let startThread: (() => Promise<void>) | null = null;

/** What starts the watchdog's thread, where that was put off; null: nothing. */
export function startThreadBy(start: (() => Promise<void>) | null): void {
  startThread = start;
}

/**
 * Called before what could hold this thread up: files that may lie in a file system that never answers, foreign texts that
 * are taken apart. From then on the watchdog's thread is there.
 */
export async function expectForeign(): Promise<void> {
  await startThread?.();
}

let tellBegun: (() => void) | null = null;

/** Calls back once, right before the next change begins; null: no more. */
export function onFirstChange(callback: (() => void) | null): void {
  tellBegun = callback;
}

/** false: the watchdog was quicker */
function begin(): boolean {
  tellBegun?.();
  tellBegun = null;
  for (;;) {
    const now = Atomics.load(words, WORD.changing);
    if (now < 0) return false;
    if (Atomics.compareExchange(words, WORD.changing, now, now + 1) === now) return true;
  }
}
