import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkFlapping } from '../../../../src/commands/check/findings/flapping.ts';
import type { MetricName } from '../../../../src/model/metric-name.ts';
import type { Policy, Step } from '../../../../src/model/types.ts';

type Steps = Record<string, number>;

interface Options {
  metric?: MetricName;
  min?: number;
  max?: number;
  step?: number | null;
}

function policy(
  steps: Steps,
  { metric = 'cpu', min = 1, max = 4, step = null }: Options = {},
): Policy {
  const towards = (way: string): Step[] =>
    Object.entries(steps).flatMap(([key, threshold]) =>
      key.startsWith(way) ? [{ workers: Number(key.split('_').at(-1)), threshold }] : [],
    );
  return {
    ...{ project: 'p', service: 'p.service', minWorkers: min, maxWorkers: max },
    metrics: [{ metric, up: towards('up'), down: towards('down'), upMs: 0, downMs: 0 }],
    memoryThresholdMb: null,
    brakes: {
      ...{ warmupMs: 0, cooldownMs: { up: 0, down: 0 }, adaptiveScaleDown: false },
      maxStep: { up: null, down: step },
    },
  };
}

const CASES: [title: string, policy: Policy, remedies: string[]][] = [
  [
    'an up threshold of exactly twice the down threshold holds',
    policy({ up_2: 60, down_1: 30 }, { max: 2 }),
    [],
  ],
  [
    'less than twice: two workers become one and two again',
    policy({ up_2: 59, down_1: 30 }, { max: 2 }),
    ['set scale_down_1 to at most 29, or scale_up_2 to at least 60'],
  ],
  [
    'with three workers the factor is one and a half',
    policy({ up_3: 60, down_2: 40 }, { min: 2, max: 3 }),
    [],
  ],
  [
    'a way down over several counts multiplies by all of them',
    policy({ up_2: 70, down_1: 20 }),
    ['set scale_down_1 to at most 17, or scale_up_2 to at least 80'],
  ],
  ['min_workers ends the way down', policy({ up_3: 60, down_1: 39 }, { min: 2, max: 3 }), []],
  ['max_step shortens the way down', policy({ up_2: 70, up_4: 75, down_1: 35 }, { step: 1 }), []],
  [
    'an up threshold for no more than it goes to does not matter',
    policy({ up_2: 10, down_2: 40 }, { max: 3 }),
    [],
  ],
  [
    'the length of a queue is no load of a worker',
    policy({ up_2: 10, down_1: 9 }, { metric: 'queue' }),
    [],
  ],
  [
    'load is',
    policy({ up_2: 100, down_1: 60 }, { metric: 'load', max: 2 }),
    ['set scale_down_1 to at most 50, or scale_up_2 to at least 120'],
  ],
  [
    'a jump over several counts is told too',
    policy({ up_2: 60, up_3: 70, down_2: 40, down_1: 30 }, { max: 3 }),
    ['set scale_down_1 to at most 20, or scale_up_2 to at least 90'],
  ],
];

describe('thresholds that must flap', () => {
  for (const [title, given, remedies] of CASES) {
    test(title, () => {
      assert.deepEqual(
        checkFlapping(given).map(({ remedy }) => remedy),
        remedies,
      );
    });
  }
  test('the evidence has the numbers', () => {
    const [finding] = checkFlapping(policy({ up_2: 50, down_1: 30 }, { max: 2 }));
    assert.equal(
      finding?.evidence,
      'just below scale_down_1 (30) it goes from 2 to 1 worker; the same work then comes to 60 each, above scale_up_2 (50), so it goes up again',
    );
  });
});
