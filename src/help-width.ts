import { isTerminal } from './streams.ts';

/** Columns that help takes at most, and where nobody says how many there are. */
export const HELP_WIDTH = 80;

/** Columns of a stream for help; a terminal that knows no size says 0. */
export function helpWidth(stream: 'stdout' | 'stderr'): number {
  return isTerminal(stream)
    ? Math.min(process[stream].columns || HELP_WIDTH, HELP_WIDTH)
    : HELP_WIDTH;
}
