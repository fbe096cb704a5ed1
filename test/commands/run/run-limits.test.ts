import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { limitRun } from '../../../src/commands/run/run-limits.ts';

const MINUTE = 60_000;

/** A run whose clock, calm and signals are set by the test. */
function newRun(t: TestContext, checkIntervalMs: number) {
  const now = { ms: 1000, calmSinceMs: null as number | null, isAsked: false };
  t.mock.method(performance, 'now', () => now.ms);
  const limits = limitRun(
    { monotonicMs: () => now.ms, interruptedMs: () => (now.isAsked ? 0 : null) },
    { calmSinceMs: () => now.calmSinceMs },
    checkIntervalMs,
  );
  return { now, limits };
}

test('changes are begun for ten minutes', (t) => {
  const { now, limits } = newRun(t, 2 * MINUTE);
  now.ms += 10 * MINUTE - 1;
  assert.equal(limits.whyNot(), null);
  now.ms += 1;
  assert.equal(limits.whyNot(), 'left to the next run: this run has taken 10 min');
});

test('a run that was asked to end begins none', (t) => {
  const { now, limits } = newRun(t, 2 * MINUTE);
  now.isAsked = true;
  assert.equal(limits.whyNot(), 'this run was asked to stop');
});

for (const [rule, intervalMs, waitMs] of [
  ['slow services are waited for as long as a check interval', 2 * MINUTE, 2 * MINUTE],
  ['a minute at least', 10_000, MINUTE],
] as const) {
  test(rule, (t) => {
    const { now, limits } = newRun(t, intervalMs);
    now.ms += 5 * MINUTE;
    assert.equal(limits.mayLeave(), false, 'while others get on there is no limit');
    now.calmSinceMs = now.ms;
    now.ms += waitMs;
    assert.equal(limits.mayLeave(), false);
    assert.equal(limits.whyNot(), null);
    now.ms += 1;
    assert.equal(limits.mayLeave(), true);
    now.calmSinceMs = null;
    assert.match(limits.whyNot() ?? '', /this run has waited long enough for other services/);
  });
}
