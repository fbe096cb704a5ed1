import stringWidth from 'string-width';
import { PLAIN } from '../model/clean-text.ts';

/**
 * How many columns a text takes on a terminal: one for each plain character. To ask `string-width` for such a text costs
 * more than all the rest of a short command.
 */
export function textWidth(text: string): number {
  return PLAIN.test(text) ? text.length : stringWidth(text);
}

/** The text in at most `columns` columns; `…` stands for what is cut off. */
export function fitText(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  if (PLAIN.test(text)) return columns < 1 ? '' : `${text.slice(0, columns - 1).trimEnd()}…`;
  let fitting = '';
  let used = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    const width = textWidth(segment);
    if (used + width > columns - 1) break;
    fitting += segment;
    used += width;
  }
  return columns < 1 ? '' : `${fitting.trimEnd()}…`;
}

/** The text with blanks after it, up to so many columns. */
export function padText(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - textWidth(text)));
}
