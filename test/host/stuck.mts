/**
 * A process with a watchdog of 2 s that gets stuck as its argument says, for who tests it: `stuck.mts HOW FIFO`. It ends
 * with 0 where nothing ends it, and with 1 where it hears that it is given up.
 */
import { readFileSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { watchSignals } from '../../src/commands/shared/signals.ts';
import { enterPhase, readVerdict, whileChanging } from '../../src/host/phase.ts';
import { startWatchdog } from '../../src/host/watchdog.ts';

const [, , how = '', fifo = ''] = process.argv;

const WAYS: Record<string, () => Promise<unknown>> = {
  waits: () => sleep(600_000),
  computes: () => {
    for (;;);
  },
  matches: () => Promise.resolve(/^(a+)+$/.test(`${'a'.repeat(60)}b`)),
  reads: () => Promise.resolve(readFileSync(fifo)),
  'tells what nobody reads': () => {
    for (;;) writeSync(2, 'x'.repeat(4096));
  },
  'gets on': async () => {
    for (let phase = 0; phase < 40; phase++) {
      enterPhase(`phase ${phase}`);
      await sleep(100);
    }
  },
  changes: () => whileChanging(() => sleep(4000)),
  'is held up within a change': () =>
    whileChanging(() => {
      for (const endMs = Date.now() + 4000; Date.now() < endMs;);
      return Promise.resolve();
    }),
  'changes in the end': async () => {
    while (readVerdict() === null) await sleep(50);
    await whileChanging(() => {
      process.stdout.write('changed\n');
      return Promise.resolve();
    });
  },
  'is asked to end while it changes': () =>
    whileChanging(async () => {
      process.stdout.write('changing\n');
      while (signals.interruptedMs() === null) await sleep(10);
      process.stdout.write('heard\n');
    }),
  'never ends its change': () =>
    whileChanging(() => {
      process.stdout.write('changing\n');
      return new Promise(() => setInterval(() => undefined, 1000));
    }),
};

const signals = watchSignals(how === 'never ends its change' ? 1000 : undefined);
const watchdog = startWatchdog((why) => process.stderr.write(`${why}\n`), 2);
enterPhase('measuring web.service: reading its processes');
process.stdout.write('ready\n');
try {
  const work = WAYS[how]!();
  await watchdog.unlessStuck(() => work);
  await work.catch(() => undefined);
} catch (error) {
  process.stderr.write(`told: ${(error as Error).message}\n`);
  // a change that would begin now
  if (how === 'changes in the end') await sleep(2000);
  process.exit(1);
}
process.exit(signals.exitCode() ?? 0);
