/** Whether a value that a broker or a worker answers is a count: a whole number, 0 or more, small enough to be exact. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** The sum of the counts; null: one of them is not a count, or the sum is too large to be exact. */
export function sumCounts(values: readonly unknown[]): number | null {
  if (!values.every(isCount)) return null;
  const sum = values.reduce((total, value) => total + value, 0);
  return isCount(sum) ? sum : null;
}
