import { styleText } from 'node:util';
import { isTerminal, writeOut } from '../streams.ts';

type Style = Parameters<typeof styleText>[0];

/** Where a command's result goes: stdout, and whether it may use colours. */
export interface Output {
  write(text: string): void;
  paint(style: Style, text: string): string;
}

/** stdout, with colours on a terminal unless `--no-color`, `NO_COLOR` (no-color.org) or TERM=dumb say no. */
export function openOutput(options: { color: boolean; quiet?: boolean }): Output {
  const color = options.color && mayColor(isTerminal('stdout'));
  return {
    write: (text) => {
      if (options.quiet !== true) writeOut(text);
    },
    paint: (style, text) => (color ? styleText(style, text) : text),
  };
}

/** Whether a stream that is (not) a terminal gets colours in this environment. */
export function mayColor(isTerminal: boolean | undefined): boolean {
  return isTerminal === true && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb';
}
