import { cleanLine } from './clean.ts';
import { PAINT } from '../host/visible.ts';

/** Rows as columns that line up, as `tableLines`; each ends with a line break. */
export function renderTable(header: string[], rows: string[][]): string {
  return tableLines(header, rows)
    .map((line) => `${line}\n`)
    .join('');
}

/**
 * The header and the rows as lines whose columns line up, two blanks between them; the last column is not padded.
 * Widths count code points, which is right for all that our own columns hold. Cells are cleaned.
 */
export function tableLines(header: string[], rows: string[][]): string[] {
  const all = [header, ...rows].map((row) => row.map(cleanLine));
  const widths = header.map((_, column) =>
    all.reduce((most, row) => Math.max(most, width(row[column] ?? '')), 0),
  );
  return all.map((row) => renderRow(row, widths));
}

function renderRow(row: string[], widths: number[]): string {
  const cells = row.map((cell, column) =>
    column === row.length - 1 ? cell : cell + ' '.repeat((widths[column] ?? 0) - width(cell)),
  );
  return cells.join('  ').trimEnd();
}

function width(text: string): number {
  return [...text.replace(PAINT, '')].length;
}
