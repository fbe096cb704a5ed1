/** A value and its moment. */
export interface Point {
  atMs: number;
  value: number;
}

/** What the values of a part of the time have been. */
export interface Bucket {
  least: number;
  most: number;
  mean: number;
  last: number;
}

/** Points (oldest first) in parts of the same length from `fromMs` to `toMs`; null where there is none. */
export function fillBuckets(
  points: readonly Point[],
  fromMs: number,
  toMs: number,
  count: number,
): (Bucket | null)[] {
  const buckets = Array.from({ length: count }, (): (Bucket & { n: number }) | null => null);
  const span = Math.max(1, toMs - fromMs);
  for (const { atMs, value } of points) {
    const at = Math.floor(((atMs - fromMs) / span) * count);
    const index = Math.min(count - 1, Math.max(0, at));
    const so = buckets[index];
    buckets[index] =
      so === null || so === undefined
        ? { least: value, most: value, mean: value, last: value, n: 1 }
        : {
            least: Math.min(so.least, value),
            most: Math.max(so.most, value),
            mean: so.mean + (value - so.mean) / (so.n + 1),
            last: value,
            n: so.n + 1,
          };
  }
  return buckets.map((bucket) => {
    if (bucket === null) return null;
    const { least, most, mean, last } = bucket;
    return { least, most, mean, last };
  });
}
