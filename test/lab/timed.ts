import type { Lab } from './lab.ts';

/** What an app of `timed.py` noted of its requests since the beginning: when one began (+1) or ended (-1), on the boot clock. */
export type Noted = [change: 1 | -1, atS: number][];

/** Reads what the app noted in its TIMED_DIR. */
export async function readNoted(lab: Lab, folder: string): Promise<Noted> {
  const text = await lab.ok(`find ${folder} -type f -exec cat {} +`);
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => [line.startsWith('+') ? 1 : -1, Number(line.slice(2))]);
}

/** The mean number of requests that were under way between two times. */
export function meanUnderWay(noted: Noted, beginS: number, endS: number): number {
  const seconds = noted.map(([change, atS]) => change * Math.max(0, endS - Math.max(atS, beginS)));
  return seconds.reduce((sum, each) => sum + each, 0) / (endS - beginS);
}

/** Now, on the clock of `time.monotonic()`. */
export function bootClockS(): number {
  return Number(process.hrtime.bigint()) / 1e9;
}
