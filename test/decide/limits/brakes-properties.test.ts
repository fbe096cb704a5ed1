import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { BrakePolicy } from '../../../src/model/brake-types.ts';
import { retryDelayMs } from '../../../src/decide/limits/brakes.ts';
import { decide } from '../../../src/decide/decide.ts';
import { startSimulation } from '../../../src/decide/simulate.ts';
import type { Decision, HistoryEntry, Policy } from '../../../src/model/types.ts';
import { findWindowStart, historyNeededMs } from '../../../src/decide/evidence/window.ts';
import { brakes, carryAll, history, metricPolicy, policy, SERVICE } from '../series.ts';

const INTERVAL_MS = 120_000;
const TOLERANCE_MS = 10_000;

const minutesMs = fc.constantFrom(0, 4, 11, 30, 90).map((minutes) => minutes * 60_000);
const most = fc.option(fc.integer({ min: 1, max: 3 }));
const anyBrakes: fc.Arbitrary<BrakePolicy> = fc.record({
  warmupMs: fc.constantFrom(0, 180_000),
  cooldownMs: fc.record({ up: minutesMs, down: minutesMs }),
  maxStep: fc.record({ up: most, down: most }),
  adaptiveScaleDown: fc.boolean(),
});
const anyPolicy = fc
  .record({
    brakes: anyBrakes,
    minWorkers: fc.integer({ min: 1, max: 3 }),
    maxWorkers: fc.integer({ min: 5, max: 9 }),
    for: fc.constantFrom<readonly [number, number]>([2, 2], [2, 6], [4, 10]),
  })
  .map(({ for: durations, ...fields }) =>
    policy([metricPolicy('cpu', '3>50 5>70 9>90 4<40 1<15', durations)], fields),
  );
const anyLoad = fc.array(fc.constantFrom('5', '10', '30', '45', '60', '80', '99', '?', '_'), {
  minLength: 1,
  maxLength: 60,
});
/** Which of the changes fail, in turn. */
const anyFailures = fc.array(fc.boolean(), { minLength: 1, maxLength: 8 });

interface Made {
  /** on the boot clock */
  atMs: number;
  decision: Decision;
  failed: boolean;
}

/** The changes that come of a load, each made or failed, as the history would tell it. */
function play(of: Policy, load: string[], failures: boolean[]): Made[] {
  const simulation = startSimulation([of], INTERVAL_MS);
  const made: Made[] = [];
  for (const entry of history({ cpu: `50 ${load.join(' ')}`, workers: 2 })) {
    const decision = simulation.push(entry)?.decisions[0];
    if (decision === undefined || decision.action === 'none') continue;
    const failed = failures[made.length % failures.length]!;
    made.push({ atMs: entry.uptime_s * 1000, decision, failed });
    const { action, from, to } = decision;
    const record = { service: SERVICE, action, from: from!, to: to!, reason: '' };
    const { v, at, boot, uptime_s } = entry;
    // the recorded workers stay 2: only a failure has to be told, so that it is taken back
    if (failed && from === 2) {
      simulation.push({ v, at, boot, uptime_s, kind: 'action', ...record, result: 'undone' });
    } else {
      made.at(-1)!.failed = false;
    }
  }
  return made;
}

function holds(name: string, check: (of: Policy, made: Made[], index: number) => void): void {
  test(name, () => {
    const property = fc.property(anyPolicy, anyLoad, anyFailures, (of, load, failures) => {
      const made = play(of, load, failures);
      for (const index of made.keys()) check(of, made, index);
    });
    fc.assert(property, { numRuns: 1500 });
  });
}

/** Whether a count is only brought within min and max: that has no brake. */
const isPromise = ({ from }: Decision, { minWorkers, maxWorkers }: Policy): boolean =>
  from! < minWorkers || from! > maxWorkers;

holds('no change is larger than max_step', (of, made, index) => {
  const { decision } = made[index]!;
  if (isPromise(decision, of)) return;
  const step = of.brakes!.maxStep[decision.action === 'scale_up' ? 'up' : 'down'] ?? Infinity;
  assert.ok(Math.abs(decision.to! - decision.from!) <= step);
});

holds('no change comes within the cooldown of its direction', (of, made, index) => {
  const { decision, atMs } = made[index]!;
  const last = made.slice(0, index).findLast(({ failed }) => !failed);
  if (last === undefined || isPromise(decision, of)) return;
  const cooldown = of.brakes!.cooldownMs[decision.action === 'scale_up' ? 'up' : 'down'];
  assert.ok(atMs - last.atMs >= cooldown - TOLERANCE_MS);
});

holds('no change comes while an earlier one has failed not long ago', (_, made, index) => {
  const before = made.slice(0, index);
  const row = index - 1 - before.findLastIndex(({ failed }) => !failed);
  if (row === 0) return;
  assert.ok(made[index]!.atMs - before.at(-1)!.atMs >= retryDelayMs(row) - TOLERANCE_MS);
});

holds('the same change is not made twice', (_, made, index) => {
  const [before, now] = [made[index - 1], made[index]!];
  if (before === undefined || before.failed) return;
  assert.equal(now.decision.from, before.decision.to);
});

const memories = fc.record({
  changed_s: fc.integer({ min: 0, max: 4000 }),
  slowdown: fc.constantFrom(2, 4, 8),
});

test('a brake on lowering never blocks raising, nor one on raising lowering', () => {
  const property = fc.property(anyPolicy, anyLoad, memories, (of, load, memory) => {
    const entries = history({ cpu: [...load, '50', '99x3', '5x3'].join(' '), workers: 4 });
    const remembered = entries.map((entry) =>
      entry.kind === 'sample' ? { ...entry, brakes: { [SERVICE]: memory } } : entry,
    );
    for (const end of [remembered.length - 3, remembered.length]) {
      const history = remembered.slice(0, end);
      const under = (some: Partial<BrakePolicy>): Decision => {
        const policies = [{ ...of, brakes: brakes(some) }];
        return decide({ policies, history, checkIntervalMs: INTERVAL_MS })[0]!;
      };
      const { cooldownMs, maxStep, adaptiveScaleDown } = of.brakes!;
      const free = under({});
      const braked =
        free.action === 'scale_up'
          ? under({
              cooldownMs: { up: 0, down: cooldownMs.down },
              maxStep: { up: null, down: maxStep.down },
              adaptiveScaleDown,
            })
          : under({
              cooldownMs: { up: cooldownMs.up, down: 0 },
              maxStep: { up: maxStep.up, down: null },
            });
      assert.deepEqual([braked.action, braked.to], [free.action, free.to]);
    }
  });
  fc.assert(property, { numRuns: 1500 });
});

test('the last sample remembers all: history older than the durations does not matter', () => {
  const actions = fc.array(
    fc.record({
      after: fc.integer({ min: 0, max: 59 }),
      from: fc.constantFrom(2, 3),
      to: fc.constantFrom(1, 2, 3),
      action: fc.constantFrom('scale_up' as const, 'scale_down' as const, 'rollback' as const),
      result: fc.constantFrom('applied' as const, 'undone' as const, 'failed' as const),
    }),
    { maxLength: 8 },
  );
  const property = fc.property(anyPolicy, anyLoad, actions, (of, load, made) => {
    const cpu = `50 ${load.join(' ')} 99 99`;
    const entries: HistoryEntry[] = carryAll([of], history({ cpu, workers: 2, actions: made }));
    const start = findWindowStart(entries, historyNeededMs([of], INTERVAL_MS), INTERVAL_MS);
    const input = { policies: [of], checkIntervalMs: INTERVAL_MS };
    assert.deepEqual(
      decide({ ...input, history: entries.slice(start) }),
      decide({ ...input, history: entries }),
    );
  });
  fc.assert(property, { numRuns: 1500 });
});
