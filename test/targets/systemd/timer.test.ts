import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseOverview, type TimerState } from '../../../src/targets/systemd/timer.ts';

/** Blocks as `systemctl show` prints them (systemd 252). */
function show(...blocks: Record<string, string>[]): string {
  return blocks
    .map((block) =>
      Object.entries(block)
        .map(([key, value]) => `${key}=${value}\n`)
        .join(''),
    )
    .join('\n');
}

const TIMER = {
  ...{ Id: 'autoscaler.timer', Names: 'autoscaler.timer', LoadState: 'loaded' },
  ...{ ActiveState: 'active', UnitFileState: 'enabled', Result: 'success' },
  NextElapseUSecMonotonic: '1h 2min 3.5s',
};
const SERVICE = {
  ...{ Id: 'autoscaler.service', Names: 'autoscaler.service', LoadState: 'loaded' },
  ...{ ActiveState: 'inactive', UnitFileState: 'static', Result: 'success', ExecMainStatus: '0' },
  ...{ ExecMainStartTimestampMonotonic: '3600000000' },
  ...{ ExecMainExitTimestampMonotonic: '3601500000' },
};
const OK: TimerState = {
  ...{ state: 'on', enabled: true, nextMs: 3_723_500, runningSinceMs: null },
  ...{ lastMs: 3_601_500, lastResult: 'success', lastExitCode: 0 },
};

describe('the timer', () => {
  const CASES: [
    title: string,
    timer: Record<string, string>,
    service: Record<string, string>,
    expected: Partial<TimerState>,
  ][] = [
    ['is on, and its last run was well', {}, {}, {}],
    ['is on until the next boot alone', { UnitFileState: 'disabled' }, {}, { enabled: false }],
    ['enabled at run time counts as enabled', { UnitFileState: 'enabled-runtime' }, {}, {}],
    [
      'a run is under way',
      { NextElapseUSecMonotonic: 'infinity' },
      { ActiveState: 'activating', ExecMainStartTimestampMonotonic: '3700000000' },
      { nextMs: null, runningSinceMs: 3_700_000 },
    ],
    [
      'the last run failed',
      {},
      { ActiveState: 'failed', Result: 'exit-code', ExecMainStatus: '78' },
      { lastResult: 'exit-code', lastExitCode: 78 },
    ],
    [
      'no run since boot',
      {},
      { ExecMainStartTimestampMonotonic: '0', ExecMainExitTimestampMonotonic: '0' },
      { lastMs: null, lastResult: null, lastExitCode: null },
    ],
    [
      'systemd has forgotten the service: the timer still knows when it fired',
      { ActiveState: 'inactive', LastTriggerUSecMonotonic: '59min 59.5s' },
      { ExecMainStartTimestampMonotonic: '0', ExecMainExitTimestampMonotonic: '0' },
      { state: 'off', nextMs: null, lastMs: 3_599_500, lastResult: null, lastExitCode: null },
    ],
    [
      'the first run is under way, which is not the last one',
      { NextElapseUSecMonotonic: 'infinity', LastTriggerUSecMonotonic: '1h' },
      {
        ...{ ActiveState: 'activating', ExecMainExitTimestampMonotonic: '0' },
        ExecMainStartTimestampMonotonic: '3600000000',
      },
      {
        ...{ nextMs: null, runningSinceMs: 3_600_000 },
        ...{ lastMs: null, lastResult: null, lastExitCode: null },
      },
    ],
    ['is off: nothing is planned', { ActiveState: 'inactive' }, {}, { state: 'off', nextMs: null }],
    [
      'is not installed',
      { LoadState: 'not-found', ActiveState: 'inactive', UnitFileState: '' },
      { LoadState: 'not-found', ExecMainExitTimestampMonotonic: '0' },
      {
        ...{ state: 'not_installed', enabled: false, nextMs: null },
        ...{ lastMs: null, lastResult: null, lastExitCode: null },
      },
    ],
  ];
  for (const [title, timer, service, expected] of CASES) {
    test(title, () => {
      const text = show({ ...TIMER, ...timer }, { ...SERVICE, ...service });
      assert.deepEqual(parseOverview(text, []).timer, { ...OK, ...expected });
    });
  }

  test('services: by the name that was asked for, an alias with the name of the unit', () => {
    const shop = { Id: 'shop.service', Names: 'shop.service store.service', LoadState: 'loaded' };
    const masked = { Id: 'old.service', Names: 'old.service', LoadState: 'masked' };
    const text = show(TIMER, SERVICE, { ...shop, ActiveState: 'active' }, masked);
    const names = ['store.service', 'old.service', 'none.service'];
    const { active, ids } = parseOverview(text, names);
    assert.deepEqual([...active.values()], ['active', 'masked', 'not-found']);
    assert.deepEqual([...ids.values()], ['shop.service', 'old.service', 'none.service']);
  });
});
