/** One measured figure against its bar. */
export interface Row {
  what: string;
  /** the figure: a ratio, or a size */
  value: number;
  /** half the range that the middle half of the readings takes; null for what does not vary */
  spread: number | null;
  unit: string;
  bar: number;
  /** what is clearly worse than what was reached: CI fails beyond it */
  alarm: number;
  detail: string;
}

/** The table for people, and whether each bar is held. */
export function renderRows(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    row.what,
    `${format(row.value)}${row.unit}`,
    row.spread === null ? '' : `± ${format(row.spread)}`,
    `${format(row.bar)}${row.unit}`,
    row.value <= row.bar ? 'held' : 'NOT held',
    row.detail,
  ]);
  const all = [['what', 'median', 'spread', 'bar', '', 'readings'], ...cells];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((line) => line[column]!.length)));
  return all
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** What has clearly become worse. */
export function findRegressions(rows: readonly Row[]): Row[] {
  return rows.filter(({ value, alarm }) => value > alarm);
}

/** The middle of the readings. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Half of the distance between the quartiles. */
export function spreadOf(values: readonly number[]): number {
  return (quantile(values, 0.75) - quantile(values, 0.25)) / 2;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)] ?? NaN;
  const high = sorted[Math.ceil(at)] ?? NaN;
  return low + (high - low) * (at % 1);
}

function format(value: number): string {
  return value.toFixed(value < 0.2 ? 3 : 2);
}
