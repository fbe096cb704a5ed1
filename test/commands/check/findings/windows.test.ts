import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkFlapping } from '../../../../src/commands/check/findings/flapping.ts';
import { checkReach } from '../../../../src/commands/check/findings/reach.ts';
import { checkWindows } from '../../../../src/commands/check/findings/windows.ts';
import { metricPolicy, policy } from '../../../decide/series.ts';

const CPU = metricPolicy('cpu', '2>60 4>80 1<25', [2, 10]);

/** `min-max` of the project, then of each window, → what is found. */
function tell(...limits: [min: number, max: number][]): string[] {
  const policies = limits.map(([minWorkers, maxWorkers], index) =>
    policy([CPU], {
      ...{ minWorkers, maxWorkers },
      ...(index > 0 && { schedule: `w${index}` }),
    }),
  );
  return checkWindows(policies, (each) => [
    ...checkReach({ policy: each, kind: null, cores: 2 }),
    ...checkFlapping(each),
  ]).map(({ code, evidence }) => `${/^while "w\d" is open: /.exec(evidence)?.[0] ?? ''}${code}`);
}

describe('a project with windows of time', () => {
  const rows: [name: string, limits: [number, number][], found: string[]][] = [
    ['without a window, as it is', [[2, 2]], ['limits_equal']],
    [
      'limits that leave no choice, but in a window: nothing is wrong',
      [
        [2, 2],
        [1, 2],
      ],
      [],
    ],
    [
      'a window that leaves no choice: nothing is wrong',
      [
        [1, 2],
        [2, 2],
      ],
      [],
    ],
    [
      'no choice in any of them',
      [
        [2, 2],
        [4, 4],
      ],
      ['limits_equal', 'while "w1" is open: limits_equal'],
    ],
    [
      'what is found in a window alone is told with it, and once',
      [
        [1, 2],
        [1, 4],
        [1, 4],
      ],
      ['while "w1" is open: thresholds_flap'],
    ],
    [
      'what is always so is told without one',
      [
        [1, 4],
        [1, 4],
      ],
      ['thresholds_flap'],
    ],
  ];
  for (const [name, limits, found] of rows) {
    test(name, () => assert.deepEqual(tell(...limits), found));
  }
});
