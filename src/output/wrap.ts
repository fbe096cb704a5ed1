import { PAINT } from '../host/visible.ts';

/** So much is enough for a table's short cells: what is further right goes on below the last one. */
const MOST_INDENT = 40;

/**
 * The text with its long lines broken between words, so that a terminal does not break them within one. What goes on
 * stands `indent` columns in, or below where the last cell of a table begins: behind the last two blanks.
 */
export function wrapLines(text: string, columns: number, indent = 2): string {
  if (columns === Infinity) return text;
  return text
    .split('\n')
    .map((line) => wrapLine(line, columns, indent))
    .join('\n');
}

function wrapLine(line: string, columns: number, indent: number): string {
  if (widthOf(line) <= columns) return line;
  const cell = widthOf(/^.* {2}(?=\S)/.exec(line)?.[0] ?? '');
  const margin = cell > 0 && cell <= Math.min(MOST_INDENT, columns / 2) ? cell : indent;
  const lines: string[] = [];
  // the blanks between the cells before stay as they are
  const head = /^.* {2}(?=\S)/.exec(line)?.[0] ?? '';
  let now = head;
  for (const word of line.slice(head.length).split(' ')) {
    const isFirst = now === head || now.trim() === '';
    const longer = isFirst ? now + word : `${now} ${word}`;
    if (isFirst || widthOf(longer) <= columns) now = longer;
    else {
      lines.push(now);
      now = ' '.repeat(margin) + word;
    }
  }
  return [...lines, now].join('\n');
}

function widthOf(text: string): number {
  return [...text.replace(PAINT, '')].length;
}
