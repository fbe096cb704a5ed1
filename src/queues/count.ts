/** Whether a value that a broker or a worker answers is a count: a whole number from 0 on that is exact. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** The counts together; null: one of them is none, or they are too many to be exact. */
export function sumCounts(values: readonly unknown[]): number | null {
  if (!values.every(isCount)) return null;
  const sum = values.reduce((total, value) => total + value, 0);
  return isCount(sum) ? sum : null;
}
