import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { spread } from '../../src/commands/report/plot.ts';

describe('labels of a plot', () => {
  const CASES: [title: string, places: number[], expected: number[]][] = [
    ['far enough apart: they stay', [80, 20, 50], [80, 20, 50]],
    ['near one another: around their middle', [50, 52], [46, 56]],
    ['at one place: in their order', [50, 50], [45, 55]],
    ['at the edge: they move inwards', [100, 99], [100, 90]],
    ['a row that reaches the next one takes it along', [40, 42, 47], [33, 43, 53]],
  ];
  for (const [title, places, expected] of CASES) {
    test(title, () => assert.deepEqual(spread(places, 10), expected));
  }

  test('never over one another, never outside, in their order', () => {
    const places = fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { maxLength: 25 });
    fc.assert(
      fc.property(places, (given) => {
        const found = spread(given, 10);
        const apart = Math.min(10, 100 / Math.max(1, given.length - 1)) - 1e-6;
        const order = given.map((_, index) => index).sort((a, b) => given[a]! - given[b]!);
        const sorted = order.map((index) => found[index]!);
        assert.ok(sorted.every((each) => each >= -1e-6 && each <= 100 + 1e-6));
        assert.ok(sorted.every((each, at) => at === 0 || each - sorted[at - 1]! >= apart));
      }),
    );
  });
});
