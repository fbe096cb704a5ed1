import { isTerminal } from '../host/streams.ts';

/** What is known of the terminal that a result is shown on. */
export interface Screen {
  /** Infinity where there is none, so that nothing is cut off in a pipe or a file */
  columns: number;
  rows: number;
  /** whether it shows more than ASCII */
  unicode: boolean;
}

/** A line that is filled to its end makes some terminals go on to the next one. */
const LEAST_COLUMNS = 20;

/** The terminal behind stdout. */
export function readScreen(): Screen {
  const isTTY = isTerminal('stdout');
  const { columns, rows } = isTTY ? process.stdout : { columns: 0, rows: 0 };
  const { LC_ALL, LC_CTYPE, LANG } = process.env;
  return {
    columns: isTTY ? Math.max(LEAST_COLUMNS, columns || 80) : Infinity,
    rows: isTTY ? rows || 24 : Infinity,
    unicode: /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || ''),
  };
}
