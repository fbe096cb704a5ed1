import { styleText } from 'node:util';

const started = performance.now();
const color = process.stdout.isTTY && !process.env['NO_COLOR'];

/** Prints a line with the seconds since the start of the demo. */
export function say(text: string): void {
  const seconds = Math.round((performance.now() - started) / 1000);
  process.stdout.write(`${String(seconds).padStart(3)} s  ${text}\n`);
}

/** Prints what happens next, set apart. */
export function title(text: string): void {
  process.stdout.write('\n');
  say(paint('bold', text));
}

export function paint(style: Parameters<typeof styleText>[0], text: string): string {
  return color ? styleText(style, text) : text;
}
