/**
 * Rows as columns that line up, two blanks between them; the last column is not padded.
 * Widths count code points, which is right for all that our own columns hold.
 */
export function renderTable(header: string[], rows: string[][]): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => width(row[column] ?? ''))));
  return all.map((row) => renderRow(row, widths)).join('');
}

function renderRow(row: string[], widths: number[]): string {
  const cells = row.map((cell, column) =>
    column === row.length - 1 ? cell : cell + ' '.repeat((widths[column] ?? 0) - width(cell)),
  );
  return `${cells.join('  ').trimEnd()}\n`;
}

function width(text: string): number {
  return [...text].length;
}
