import { EXIT } from '../../errors.ts';
import { listenToKeys } from './keys.ts';
import { readScreen } from '../../output/screen.ts';
import { ESC } from '../../host/visible.ts';
import { isReaderGone, isTerminal, writeOut } from '../../host/streams.ts';

// xterm's control sequences, which every terminal of today has (console_codes(4))
const ENTER = `${ESC}[?1049h${ESC}[?25l`;
const LEAVE = `${ESC}[?25h${ESC}[?1049l`;
const HOME = `${ESC}[H`;
const END_OF_LINE = `${ESC}[K`;
const END_OF_SCREEN = `${ESC}[J`;

/** The last line where there are keys. */
const HINT = 'q quits';

/**
 * Shows what `look` says again and again, in place on a terminal and one after the other elsewhere, until `q` (0) or a
 * signal ends it (128 + n) or nobody reads any more. The last look stays on the terminal.
 */
export async function watchScreen(look: () => Promise<string>, everyMs: number): Promise<number> {
  const isTTY = isTerminal('stdout');
  const end = waitForEnd();
  let text = '';
  // from when a Ctrl-Z is typed until the shell goes on with it the screen is the shell's
  let isStopped = false;
  if (isTTY) writeOut(ENTER);
  const keys = !isTTY
    ? null
    : listenToKeys({
        quit: () => end.finish(EXIT.ok),
        interrupt: () => end.finish(130),
        stop: () => {
          isStopped = true;
          writeOut(LEAVE);
        },
        resume: () => {
          isStopped = false;
          writeOut(ENTER);
          end.wake();
        },
      });
  try {
    while (end.code() === null && !isReaderGone()) {
      if (!isStopped) {
        text = await look();
        writeOut(isTTY ? place(text, keys !== null) : text);
      }
      await end.sleep(everyMs);
    }
  } finally {
    keys?.release();
    end.release();
    if (isTTY) writeOut(`${LEAVE}${text}`);
  }
  return end.code() ?? EXIT.ok;
}

/** Over what was there before; what the window has no room for is reported. */
function place(text: string, hasKeys: boolean): string {
  const room = readScreen().rows - (hasKeys ? 2 : 1);
  const lines = text.split('\n').slice(0, -1);
  const hidden = lines.length - room;
  const shown = hidden > 0 ? [...lines.slice(0, room - 1), `… ${hidden + 1} more lines`] : lines;
  if (hasKeys) shown.push(HINT);
  return `${HOME}${shown.map((line) => `${line}${END_OF_LINE}\n`).join('')}${END_OF_SCREEN}`;
}

/** Ends with a signal or a key, or when the reader has gone away; a window of another size ends a sleep. */
function waitForEnd(): {
  code: () => number | null;
  finish: (code: number) => void;
  wake: () => void;
  sleep: (ms: number) => Promise<void>;
  release: () => void;
} {
  let code: number | null = null;
  let wake = (): void => undefined;
  const finish = (number: number): void => {
    code ??= number;
    wake();
  };
  const onResize = (): void => wake();
  const handlers = [
    ['SIGINT', () => finish(130)],
    ['SIGTERM', () => finish(143)],
    ['SIGHUP', () => finish(129)],
    ['SIGWINCH', onResize],
  ] as const;
  for (const [name, handler] of handlers) process.on(name, handler);
  return {
    code: () => code,
    finish,
    wake: () => wake(),
    sleep: (ms) =>
      new Promise((resolve) => {
        if (code !== null) return resolve();
        const timer = setTimeout(resolve, ms);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
    release: () => {
      for (const [name, handler] of handlers) process.off(name, handler);
    },
  };
}
