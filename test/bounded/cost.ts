import { readFileSync } from 'node:fs';
import { READERS, type Reader } from './readers.ts';
import { SHAPES } from './shapes.ts';

/** What a reader costs: milliseconds of a processor by shape, for texts of the lengths that `lengthsOf` says. */
export interface Cost {
  byShape: Record<string, number[]>;
  /** the most that the process has ever held, MB */
  peakMb: number;
}

/** A sixteenth of the longest text that the reader is given, and the longest. */
export function lengthsOf({ most }: Reader): number[] {
  return [most / 16, most];
}

/** How much longer the longest takes than the shortest: 16 times where time grows with the text, 256 with its square. */
export function growthOf(times: readonly number[]): number {
  // what takes no time at all cannot be compared
  return times.at(-1)! / Math.max(times[0]!, 3);
}

/** Far from both: what else the machine does is in it too. */
export const MOST_GROWTH = 64;

async function measure({ read }: Reader, text: string): Promise<number> {
  const before = process.cpuUsage();
  await read(text);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

async function measureAll(reader: Reader): Promise<Cost> {
  const byShape: Cost['byShape'] = {};
  for (const [shape, make] of Object.entries(SHAPES)) {
    const texts = lengthsOf(reader).map(make);
    // what one text leaves behind is not held against the next one
    gc?.();
    const times: number[] = [];
    for (const text of texts) times.push(await measure(reader, text));
    // what else the machine does only ever adds
    for (let tries = 3; tries > 0 && growthOf(times) > MOST_GROWTH; tries--) {
      for (const [index, text] of texts.entries()) {
        times[index] = Math.min(times[index]!, await measure(reader, text));
      }
    }
    byShape[shape] = times;
  }
  const status = readFileSync('/proc/self/status', 'utf8');
  const peakKb = Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)![1]);
  return { byShape, peakMb: Math.round(peakKb / 1024) };
}

const [, , name] = process.argv;
const reader = name === undefined ? undefined : READERS[name];
if (reader !== undefined) process.stdout.write(JSON.stringify(await measureAll(reader)));
