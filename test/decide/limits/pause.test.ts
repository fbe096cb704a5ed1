import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Clocks } from '../../../src/model/clocks.ts';
import type { StoredEnd, StoredPause } from '../../../src/model/control-types.ts';
import { findEnd, findPause } from '../../../src/decide/limits/controls.ts';
import { decide } from '../../../src/decide/decide.ts';
import { explainDecision } from '../../../src/decide/explain.ts';
import { decideHeal } from '../../../src/decide/heal.ts';
import { mayGrow } from '../../../src/decide/limits/may-grow.ts';
import type { Decision, Policy, Sample } from '../../../src/model/types.ts';
import { brakes, history, metricPolicy, policy, type Series } from '../series.ts';

const CPU = metricPolicy('cpu', '3>60 5>80 2<40 1<20', [4, 6]);
const UNTIL = { until: '2026-11-24T20:15:30.000Z', remainingMs: 3_600_000 };
const EVER = { until: null, remainingMs: null };
const END = 'until 2026-11-24 20:15 UTC, 1 h more';

function decideLast(series: Series, fields: Partial<Policy>): Decision {
  const policies = [policy([CPU], { maxWorkers: 6, minWorkers: 2, ...fields })];
  return decide({ policies, history: history(series), checkIntervalMs: 120_000 })[0]!;
}

interface Case extends Partial<Policy> {
  name: string;
  series: Series;
  to: number;
  hold: Decision['hold'];
  wanted?: number | null;
  says: string;
}

function check(table: Case[]): void {
  for (const { name, series, to, hold, wanted, says, ...fields } of table) {
    test(name, () => {
      const decision = decideLast(series, fields);
      const said = explainDecision(decision);
      assert.deepEqual([decision.to, decision.hold], [to, hold], said);
      if (wanted !== undefined) assert.equal(decision.wanted, wanted);
      assert.ok(said.includes(says), `${said} does not say ${says}`);
    });
  }
}

describe('a pause', () => {
  const full = { up: UNTIL, down: UNTIL };
  check([
    {
      name: 'of both directions: a threshold that has held is told, and nothing is done',
      series: { cpu: '90x4' },
      pause: full,
      ...{ to: 2, hold: 'paused', wanted: 5 },
      says: `cpu 90 % > 80 % for 4 m 0 s (needs 4 m); hold: paused ${END} → stays at 2`,
    },
    {
      name: 'of both directions: not even min_workers is kept',
      series: { cpu: '50x4', workers: 1 },
      pause: full,
      ...{ to: 1, hold: 'paused' },
      says: `fewer than min_workers 2; hold: paused`,
    },
    {
      name: 'of both directions, one of which ends earlier: told is the earlier end',
      series: { cpu: '50x4' },
      pause: { up: EVER, down: UNTIL },
      ...{ to: 2, hold: 'paused' },
      says: END,
    },
    {
      name: 'without an end says so',
      series: { cpu: '50x4' },
      pause: { up: EVER, down: EVER },
      ...{ to: 2, hold: 'paused' },
      says: 'hold: paused until resumed',
    },
    {
      name: 'of raising: nothing is raised',
      series: { cpu: '90x4' },
      pause: { up: UNTIL, down: null },
      ...{ to: 2, hold: 'paused', wanted: 5 },
      says: `hold: raising is paused ${END}`,
    },
    {
      name: 'of raising: not even to min_workers',
      series: { cpu: '50x4', workers: 1 },
      pause: { up: UNTIL, down: null },
      ...{ to: 1, hold: 'paused' },
      says: 'hold: raising is paused',
    },
    {
      name: 'of raising: lowering goes on',
      series: { cpu: '10x6', workers: 5 },
      pause: { up: UNTIL, down: null },
      ...{ to: 2, hold: null },
      says: '→ 2 workers',
    },
    {
      name: 'of lowering: nothing is lowered, not even to max_workers',
      series: { cpu: '10x6', workers: 9 },
      pause: { up: null, down: UNTIL },
      ...{ to: 9, hold: 'paused' },
      says: `hold: lowering is paused ${END}`,
    },
    {
      name: 'of lowering: raising goes on',
      series: { cpu: '90x4' },
      pause: { up: null, down: UNTIL },
      ...{ to: 5, hold: null },
      says: '→ 5 workers',
    },
    {
      name: 'of the other direction: a duration that is not reached is what holds',
      series: { cpu: '50 90' },
      pause: { up: UNTIL, down: null },
      ...{ to: 2, hold: 'duration' },
      says: '2 m more',
    },
    {
      name: 'comes before a pin',
      series: { cpu: '50x4' },
      pause: full,
      pin: { workers: 4, ...EVER },
      ...{ to: 2, hold: 'paused', wanted: 4 },
      says: 'pinned to 4 workers until unpinned; hold: paused',
    },
  ]);

  test('stops acting, not watching: what has held meanwhile acts when it is over', () => {
    assert.equal(decideLast({ cpu: '50 90x3' }, { pause: full }).to, 2);
    assert.equal(decideLast({ cpu: '50 90x3' }, {}).to, 5);
  });

  test('holds a heal of its direction back', () => {
    const decision = decideLast({ cpu: '50x2' }, {});
    const sample = history({ cpu: '50', service: { running: 1 } })[0] as Sample;
    const memory = { memoryThresholdMb: null };
    assert.equal(decideHeal(decision, memory, sample)?.to, 2);
    assert.equal(
      decideHeal(decision, { ...memory, pause: { up: EVER, down: null } }, sample),
      null,
    );
    assert.equal(
      decideHeal(decision, { ...memory, pause: { up: null, down: EVER } }, sample)?.to,
      2,
    );
  });
});

describe('a pin', () => {
  const pin = { workers: 4, ...UNTIL };
  check([
    {
      name: 'is followed at once, without a duration',
      series: { cpu: '50' },
      pin,
      ...{ to: 4, hold: null, wanted: 4 },
      says: `pinned to 4 workers ${END} → 4 workers`,
    },
    {
      name: 'is followed downward too, while a metric is missing and tasks run',
      series: { cpu: '?', workers: 6, service: { running_tasks: 6 } },
      pin,
      ...{ to: 4, hold: null },
      says: '→ 4 workers',
    },
    {
      name: 'keeps its count whatever the metrics say, which is told',
      series: { cpu: '90x4', workers: 4 },
      pin,
      ...{ to: 4, hold: null, wanted: null },
      says: 'cpu 90 % > 80 % for 4 m 0 s (needs 4 m); pinned to 4 workers',
    },
    {
      name: 'beyond max_workers is cut to it',
      series: { cpu: '50' },
      pin: { workers: 9, ...EVER },
      ...{ to: 6, hold: null },
      says: '6 instead of the 9 wanted (max_workers)',
    },
    {
      name: 'waits for no cooldown, and goes in steps of max_step',
      series: { cpu: '50', actions: [{ after: 0, from: 3, to: 2, action: 'scale_down' }] },
      pin,
      brakes: brakes({ cooldownMs: { up: 600_000, down: 0 }, maxStep: { up: 1, down: null } }),
      ...{ to: 3, hold: null },
      says: '3 instead of the 4 wanted (max_step 1)',
    },
    {
      name: 'is held back where memory does not suffice',
      series: { cpu: '50', availableMb: 500, service: { memory_mb: 400 } },
      pin,
      memoryThresholdMb: 400,
      ...{ to: 2, hold: 'memory' },
      says: 'pinned to 4 workers',
    },
  ]);

  test('lets memory be measured where more are asked for', () => {
    const sample = history({ cpu: '50' })[0] as Sample;
    assert.equal(mayGrow(policy([CPU], { pin }), sample), true);
    assert.equal(mayGrow(policy([CPU], { pin: { ...pin, workers: 2 } }), sample), false);
  });
});

const HOUR_MS = 3_600_000;
const BEGAN = Date.parse('2026-11-24T10:00:00.000Z');
const twoHours: StoredEnd = {
  since: '2026-11-24T10:00:00.000Z',
  until: '2026-11-24T12:00:00.000Z',
  ...{ boot: 'a', uptime_s: 1000 },
};

describe('what ends after two hours', () => {
  const table: [name: string, now: Clocks, remainingMs: number | null][] = [
    ['half-way', { ms: BEGAN + HOUR_MS, boot: 'a', uptimeS: 4600 }, HOUR_MS],
    ['at its very end it is over', { ms: BEGAN, boot: 'a', uptimeS: 8200 }, null],
    ['a wall clock set forward ends nothing', { ms: BEGAN * 2, boot: 'a', uptimeS: 4600 }, HOUR_MS],
    ['a wall clock set back prolongs nothing', { ms: 0, boot: 'a', uptimeS: 8200 }, null],
    [
      'after a reboot the wall clock counts',
      { ms: BEGAN + HOUR_MS, boot: 'b', uptimeS: 60 },
      HOUR_MS,
    ],
    ['after a reboot, at its end', { ms: BEGAN + 2 * HOUR_MS, boot: 'b', uptimeS: 60 }, null],
    ['after a reboot, a clock set back for ever', { ms: 0, boot: 'b', uptimeS: 7200 }, null],
  ];
  for (const [name, now, remainingMs] of table) {
    test(name, () => assert.equal(findEnd(twoHours, now)?.remainingMs ?? null, remainingMs));
  }

  test('never lasts longer than two hours of any boot, whatever the clocks say', () => {
    const clocks = fc.record({
      ms: fc.integer({ min: 0, max: BEGAN * 2 }),
      boot: fc.constantFrom('a', 'b'),
      uptimeS: fc.integer({ min: 1000, max: 1e6 }),
    });
    fc.assert(
      fc.property(clocks, (now) => {
        const left = findEnd(twoHours, now)?.remainingMs ?? 0;
        assert.ok(left >= 0 && left <= 2 * HOUR_MS);
        if (now.uptimeS >= 8200) assert.equal(left, 0);
      }),
    );
  });
});

test('of several pauses of a project the last to end counts, in each direction', () => {
  const pause = (
    project: string | null,
    only: StoredPause['only'],
    hours: number,
  ): StoredPause => ({
    ...{ ...twoHours, project, only },
    until: new Date(BEGAN + hours * HOUR_MS).toISOString(),
  });
  const now = { ms: BEGAN, boot: 'a', uptimeS: 1000 };
  const pauses = [
    pause(null, 'up', 1),
    pause('shop', null, 2),
    pause('other', null, 9),
    pause('shop', 'down', 3),
  ];
  const found = findPause('shop', pauses, now);
  assert.deepEqual([found?.up?.remainingMs, found?.down?.remainingMs], [2 * HOUR_MS, 3 * HOUR_MS]);
  assert.equal(findPause('third', pauses, now)?.down, null);
  assert.equal(findPause('third', [], now), null);
});
