import type { Worker } from 'node:worker_threads';
import { EXIT, UserError } from '../errors.ts';
import { PHASE, startThreadBy, WORD } from './phase.ts';

/** Nothing of what is done between two changes takes nearly as long. */
const LIMIT_S = 30;
/** How long the main thread has to end the run in order, before it is ended from outside. */
const GRACE_MS = 2000;
/** When the second thread is started at the latest. */
const AT_LATEST_MS = 1000;

/** Ends a run that does not get on. */
export interface Watchdog {
  /** What `work` answers. @throws UserError failed where a phase of it lasts too long and no change is under way */
  unlessStuck: <T>(work: () => Promise<T>) => Promise<T>;
  stop: () => void;
}

/**
 * Watches this process from a second thread, which goes on where the first is held up by a computation or a system call
 * of the kernel: then it says on stderr in what, and kills the process, and with it the lock goes. Where the first thread
 * only waits for something, it ends the run itself.
 *
 * Time is counted in steps of a second, each of which counts as one however long it was: neither a host that slept
 * nor a clock that jumps ends a run.
 *
 * The thread costs 11 MB and half of what an empty Node.js takes of the processor. So it is started before what could
 * hold this one up (`expectForeign`), and after a second in any case: most runs are over by then.
 */
export function startWatchdog(limitS = LIMIT_S): Watchdog {
  const words = new Int32Array(PHASE, 0, 4);
  Atomics.store(words, WORD.heard, 0);
  let tellStuck: (error: UserError) => void;
  const stuck = new Promise<never>((_, reject) => (tellStuck = reject));
  stuck.catch(() => undefined);
  let thread: Promise<Worker> | null = null;
  let isOver = false;
  const start = async (): Promise<void> => {
    if (isOver) return;
    thread ??= startThread(limitS, words, tellStuck);
    await thread;
  };
  const timer = setTimeout(() => void start(), AT_LATEST_MS).unref();
  startThreadBy(start);
  return {
    unlessStuck: (work) => Promise.race([work(), stuck]),
    stop: () => {
      isOver = true;
      clearTimeout(timer);
      startThreadBy(null);
      void thread?.then((worker) => worker.terminate());
    },
  };
}

async function startThread(
  limitS: number,
  words: Int32Array,
  tellStuck: (error: UserError) => void,
): Promise<Worker> {
  const { Worker } = await import('node:worker_threads');
  const worker = new Worker(SOURCE, {
    eval: true,
    env: {},
    execArgv: [],
    workerData: { phase: PHASE, limitS, graceMs: GRACE_MS },
  });
  worker.unref();
  // where there is no room for one thread more, a run does without
  worker.on('error', () => undefined);
  worker.on('message', (sentence: string) => {
    Atomics.store(words, WORD.heard, 1);
    Atomics.notify(words, WORD.heard);
    tellStuck(new UserError(EXIT.failed, sentence, HINT));
  });
  return worker;
}

const HINT = 'The next run begins anew. If this comes again, look at that service.';

/**
 * The second thread. It waits without an event loop, so that it costs nothing; only in the end it writes by one, since
 * nobody may read stderr.
 */
const SOURCE = `
const { workerData: { phase, limitS, graceMs }, parentPort } = require('node:worker_threads');
const words = new Int32Array(phase, 0, 4);
const { entered, changing, length, heard } = ${JSON.stringify(WORD)};
let before = Atomics.load(words, entered);
let seconds = 0;
for (;;) {
  Atomics.wait(words, heard, 0, 1000);
  const now = Atomics.load(words, entered);
  seconds = now === before && Atomics.load(words, changing) === 0 ? seconds + 1 : 0;
  before = now;
  // no change begins from then on
  if (seconds >= limitS && Atomics.compareExchange(words, changing, 0, -1) === 0) break;
}
const what = Buffer.from(phase, 16, Atomics.load(words, length)).toString() || 'the start';
const sentence = what + ' for ' + limitS + ' s: this run is given up';
parentPort.postMessage(sentence);
if (Atomics.wait(words, heard, 0, graceMs) !== 'timed-out') process.exit();
const kill = () => process.kill(process.pid, 'SIGKILL');
setTimeout(kill, graceMs);
require('node:fs').write(2, 'autoscaler: ' + sentence + '\\n${HINT}\\n', kill);
`;
