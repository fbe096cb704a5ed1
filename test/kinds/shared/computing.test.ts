import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watchComputing } from '../../../src/kinds/shared/computing.ts';

/** Looks a second apart, each with the CPU time used so far in milliseconds (null: not known), and what they tell. */
const ROWS: [rule: string, usedMs: (number | null)[], expected: boolean[]][] = [
  ['the first look tells nothing', [500], [false]],
  ['it uses a whole processor', [0, 1000, 2000], [false, true, true]],
  ['it loads beside many others', [0, 60], [false, true]],
  ['a twentieth of a processor counts', [0, 50], [false, true]],
  ['it only waits', [100, 110, 149], [false, false, false]],
  ['started again meanwhile, its count is new', [900, 300, 310], [false, true, false]],
  ['its CPU time is not known', [null, null, 500, 900], [false, false, false, true]],
];

for (const [rule, used, expected] of ROWS) {
  test(rule, () => {
    let nowMs = 0;
    const isComputing = watchComputing({ monotonicMs: () => nowMs });
    const told = used.map((ms) => {
      nowMs += 1000;
      return isComputing({ cpuUsageNs: ms === null ? null : ms * 1e6 });
    });
    assert.deepEqual(told, expected);
  });
}
