import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { carryBrakes, recallBrakes } from '../../../src/decide/limits/brake-memory.ts';
import type { BrakeMemory } from '../../../src/model/brake-types.ts';
import type { HistoryEntry, Policy, Sample, ServiceSample } from '../../../src/model/types.ts';
import { brakes, history, metricPolicy, policy, SERVICE, type Event } from '../series.ts';

/** down after 6 minutes */
const POLICY = policy([metricPolicy('cpu', '3>60 1<20', [4, 6])], {
  brakes: brakes({ adaptiveScaleDown: true }),
});

interface Case {
  name: string;
  before?: BrakeMemory;
  actions?: Event[];
  then?: Partial<ServiceSample>;
  now?: Partial<ServiceSample>;
  /** of the second sample */
  reboot?: boolean;
  open?: string[];
  of?: Policy;
  is: BrakeMemory;
}

/** Two samples, 120 s apart, and what happened in between, at 1 s unless told otherwise. */
function carry(row: Case): BrakeMemory {
  const reboots = row.reboot === true ? [1] : [];
  const entries = history({ cpu: '50 50', actions: row.actions ?? [], reboots });
  const now = entries.at(-1) as Sample;
  const [first, ...between] = entries.slice(0, -1) as [Sample, ...HistoryEntry[]];
  const then = withService({ ...first, brakes: { [SERVICE]: row.before ?? {} } }, row.then);
  const sample = withService(row.reboot === true ? { ...now, uptime_s: 20 } : now, row.now);
  const carried = carryBrakes([row.of ?? POLICY], [then, ...between], sample, row.open);
  return carried.brakes?.[SERVICE] ?? {};
}

function withService(sample: Sample, fields: Partial<ServiceSample> = {}): Sample {
  return { ...sample, services: { [SERVICE]: { ...sample.services[SERVICE]!, ...fields } } };
}

function check(table: Case[]): void {
  for (const row of table) test(row.name, () => assert.deepEqual(carry(row), row.is));
}

const FAILED: BrakeMemory = { failures: 2, failed_s: 300 };
const OLDER: BrakeMemory = { failures: 2, failed_s: 420 };

describe('what the brakes remember', () => {
  check([
    { name: 'nothing has happened: nothing', is: {} },
    { name: 'it grows older', before: { changed_s: 10.5 }, is: { changed_s: 130.5 } },
    {
      name: 'after a reboot by what the host has run since',
      before: { changed_s: 10, failures: 1, failed_s: 5 },
      reboot: true,
      is: { changed_s: 30, failures: 1, failed_s: 25 },
    },
    {
      name: 'a change that was made',
      actions: [{ after: 0, to: 3 }],
      is: { changed_s: 119 },
    },
    {
      name: 'one of another service is not ours',
      actions: [{ after: 0, to: 3, service: 'other.service' }],
      is: {},
    },
    {
      name: 'one that was not needed starts nothing',
      actions: [{ after: 0, from: 3, to: 3 }],
      is: {},
    },
    {
      name: 'one that failed starts no cooldown',
      actions: [{ after: 0, to: 3, result: 'undone' }],
      is: { failures: 1, failed_s: 119 },
    },
    {
      name: 'the next one that fails counts up',
      before: FAILED,
      actions: [{ after: 0, to: 3, result: 'failed', change: 'b' }],
      is: { failures: 3, failed_s: 119, failed_change: 'b' },
    },
    {
      name: 'one that is told again counts once',
      before: { ...FAILED, failed_change: 'b' },
      actions: [{ after: 0, to: 3, result: 'failed', change: 'b' }],
      is: { failures: 2, failed_s: 119, failed_change: 'b' },
    },
    {
      name: 'one that is made ends the row of failures',
      before: FAILED,
      actions: [{ after: 0, to: 3 }],
      is: { changed_s: 119 },
    },
  ]);
});

describe('a project on hold after a failed change', () => {
  check([
    { name: 'stays so', before: FAILED, is: OLDER },
    {
      name: 'resumes when the unit was edited',
      before: FAILED,
      then: { unit_hash: 'a' },
      now: { unit_hash: 'b' },
      is: {},
    },
    {
      name: 'resumes when the workers were changed',
      before: FAILED,
      now: { workers: 4 },
      is: {},
    },
    {
      name: 'resumes when the service was restarted',
      before: FAILED,
      then: { main_pid: 7 },
      now: { main_pid: 8 },
      is: {},
    },
    {
      name: 'also when the process number is the same again',
      before: FAILED,
      then: { main_pid: 7, main_start_s: 100 },
      now: { main_pid: 7, main_start_s: 1050 },
      is: {},
    },
    {
      name: 'not when systemd itself restarts what crashes',
      before: FAILED,
      then: { main_pid: 7, auto_restarts: 3 },
      now: { main_pid: 8, auto_restarts: 4 },
      is: OLDER,
    },
    {
      name: 'somebody who starts it resets that count',
      before: FAILED,
      then: { main_pid: 7, auto_restarts: 3 },
      now: { main_pid: 8, auto_restarts: 0 },
      is: {},
    },
    {
      name: 'not by a reboot',
      before: { failures: 2, failed_s: 300 },
      then: { main_pid: 7 },
      now: { main_pid: 8 },
      reboot: true,
      is: { failures: 2, failed_s: 320 },
    },
    {
      name: 'not by our own undoing',
      before: FAILED,
      then: { main_pid: 7, unit_hash: 'a' },
      now: { main_pid: 8, unit_hash: 'b' },
      actions: [{ after: 0, to: 3, result: 'undone' }],
      is: { failures: 3, failed_s: 119 },
    },
    {
      name: 'not by a change of ours that is still in progress',
      before: FAILED,
      then: { main_pid: 7, unit_hash: 'a' },
      now: { main_pid: 8, unit_hash: 'b', workers: 3 },
      open: [SERVICE],
      is: OLDER,
    },
    {
      name: 'what is not known tells nothing',
      before: FAILED,
      then: { unit_hash: 'a', main_pid: 7 },
      now: { unit_hash: null, main_pid: null },
      is: OLDER,
    },
  ]);

  test('is remembered through a sample that does not hold the service', () => {
    const [first, second, third] = history({ cpu: '50x3' }) as [Sample, Sample, Sample];
    const start = { ...first, brakes: { [SERVICE]: FAILED } };
    const blind = carryBrakes([POLICY], [start], { ...second, services: {} });
    const seen = carryBrakes([POLICY], [start, blind], third);
    assert.deepEqual(seen.brakes, { [SERVICE]: { failures: 2, failed_s: 540 } });
  });

  test('what a sample says of itself is not used; projects that are no more are forgotten', () => {
    const [first, second] = history({ cpu: '50x2' }) as [Sample, Sample];
    const start = { ...first, brakes: { [SERVICE]: FAILED, 'gone.service': FAILED } };
    const carried = carryBrakes([POLICY], [start], { ...second, brakes: { [SERVICE]: {} } });
    assert.deepEqual(carried.brakes, { [SERVICE]: OLDER });
    assert.equal(carryBrakes([], [start], second).brakes, undefined);
  });

  test('an action after the sample counts at once', () => {
    const [sample, action] = history({
      cpu: '50',
      actions: [{ after: 0, s: 0, to: 3, result: 'undone' }],
    }) as [Sample, Exclude<HistoryEntry, Sample>];
    assert.deepEqual(recallBrakes(POLICY, sample, [action]), { failures: 1, failed_s: 0 });
  });
});

describe('a lowering that is taken back', () => {
  const down: Event = { after: 0, s: 1, from: 3, to: 1, action: 'scale_down' };
  const up: Event = { after: 0, s: 100, from: 1, to: 3, action: 'scale_up' };
  check([
    { name: 'a lowering is remembered', actions: [down], is: { changed_s: 119, lowered_s: 119 } },
    {
      name: 'a raise within its duration takes it back',
      actions: [down, up],
      is: { changed_s: 20, slowdown: 2, taken_back_s: 20 },
    },
    {
      name: 'exactly within is within',
      before: { lowered_s: 260 },
      actions: [up],
      is: { changed_s: 20, slowdown: 2, taken_back_s: 20 },
    },
    { name: 'later does not', before: { lowered_s: 261 }, actions: [up], is: { changed_s: 20 } },
    {
      name: 'the duration is the one that the lowering had to wait',
      before: { lowered_s: 620, slowdown: 2, taken_back_s: 5000 },
      actions: [up],
      is: { changed_s: 20, slowdown: 4, taken_back_s: 20 },
    },
    {
      name: 'at most 8 times',
      before: { lowered_s: 1, slowdown: 8, taken_back_s: 5000 },
      actions: [up],
      is: { changed_s: 20, slowdown: 8, taken_back_s: 20 },
    },
    {
      name: 'a raise without a lowering before it is nothing',
      actions: [up],
      is: { changed_s: 20 },
    },
    {
      name: 'nor one that failed',
      before: { lowered_s: 1 },
      actions: [{ ...up, result: 'undone' }],
      is: { lowered_s: 121, failures: 1, failed_s: 20 },
    },
    {
      name: 'a quiet day resets it',
      before: { slowdown: 4, taken_back_s: 86_280 },
      is: {},
    },
    {
      name: 'not a second earlier',
      before: { slowdown: 4, taken_back_s: 86_279 },
      is: { slowdown: 4, taken_back_s: 86_399 },
    },
    {
      name: 'off: it is not remembered',
      of: { ...POLICY, brakes: brakes({}) },
      actions: [down, up],
      is: { changed_s: 20 },
    },
  ]);
});
