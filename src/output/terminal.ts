import { isTerminal, writeOut } from '../host/streams.ts';
import { ESC } from '../host/visible.ts';

/** Codes of SGR (ECMA-48) that begin and end it. */
const STYLES = { red: [31, 39], green: [32, 39], yellow: [33, 39], cyan: [36, 39], dim: [2, 22] };

export type Style = keyof typeof STYLES;

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
    paint: (style, text) => (color ? paint(style, text) : text),
  };
}

/** A text in colour, for `writeOut`. */
export function paint(style: Style, text: string): string {
  const [begin, end] = STYLES[style];
  return `${ESC}[${begin}m${text}${ESC}[${end}m`;
}

/** Whether a stream that is (not) a terminal gets colours in this environment. */
export function mayColor(isTerminal: boolean | undefined): boolean {
  return isTerminal === true && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb';
}
