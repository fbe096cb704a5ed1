import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { formatAge } from '../../../src/output/ages.ts';
import { renderBar } from '../../../src/output/bars.ts';
import { renderStatus } from '../../../src/commands/status/report.ts';
import type {
  StatusMetric,
  StatusReport,
  StatusService,
} from '../../../src/commands/status/types.ts';
import { measureError } from '../../../src/model/measure-error.ts';
import { fitText, textWidth } from '../../../src/output/text.ts';

const PLAIN = { write: () => undefined, paint: (_style: unknown, text: string) => text };
const AT = '2026-11-24T12:00:00.000Z';
const UNCOUNTED = measureError('not_applicable', 'they are no processes');

function service(project: string, fields: Partial<StatusService> = {}): StatusService {
  return {
    ...{ project, service: 'shop.service', enabled: true, active: 'active', drift: false },
    ...{
      workers: 2,
      running: 2,
      running_error: null,
      min_workers: 1,
      max_workers: 4,
      schedule: null,
      streak: null,
      in_progress: null,
      pause: null,
      pin: null,
      unseen: false,
    },
    metrics: [bounded({ up_at: 80, down_at: 30 })],
    ...{ action: 'none', from: 2, to: 2, wanted: null, hold: null, reason: 'r', hold_reason: null },
    last_change: null,
    ...fields,
  };
}

function bounded(bounds: Pick<StatusMetric, 'up_at' | 'down_at'>): StatusMetric {
  return { metric: 'cpu', value: 55.5, error: null, ...bounds };
}

function report(services: StatusService[], fields: Partial<StatusReport> = {}): StatusReport {
  return {
    ...{ v: 2, at: AT, check_interval_s: 120, notes: [], services, example: false },
    timer: {
      ...{ state: 'on', enabled: true, running: false, error: null },
      ...{ next_at: '2026-11-24T12:01:12.000Z', last_at: '2026-11-24T11:59:12.000Z' },
      ...{ last_result: 'success', last_exit_code: 0 },
    },
    last_sample: { at: AT, age_s: 48, this_boot: true },
    host: { cpu_percent: 71.2, memory_available_mb: 5120, memory_total_mb: 7937 },
    last_day: {
      runs: 718,
      held: { duration: 31, memory: 4, cooldown: 0, paused: 0, at_limit: 12 },
      changes: { up: 3, down: 2, other: 0, failed: 1 },
    },
    ...fields,
  };
}

const render = (of: StatusReport, columns = Infinity, unicode = true): string =>
  renderStatus(of, { columns, rows: 24, unicode }, PLAIN);

const STREAK = service('shop', {
  ...{ hold: 'duration', wanted: 3 },
  streak: { metric: 'cpu', direction: 'up', workers: 3, held_s: 180, needed_s: 600 },
});

const PAUSED = {
  pause: {
    up: { until: '2026-11-24T13:00:00.000Z' },
    down: { until: '2026-11-24T13:00:00.000Z' },
  },
};

/** The time of day as it is told, in the time zone of this machine. */
function localTime(iso: string): string {
  return new Date(iso).toTimeString().slice(0, 5);
}

describe('the screen says', () => {
  const rows: [name: string, of: StatusReport, line: RegExp][] = [
    [
      'the window of time that the limits are from',
      report([service('shop', { min_workers: 3, schedule: 'office' })]),
      /^shop +2\/2 of 3–4 \(office\) {2}/m,
    ],
    ['the timer', report([]), /^timer {3}on, last run 48 s ago \(ok\), next in 1 m 12 s$/m],
    [
      'that the timer is off, and the command that helps',
      report([], { timer: { ...report([]).timer, state: 'off', enabled: false } }),
      /^timer {3}off, .*\n {8}turn it on: sudo systemctl enable --now autoscaler\.timer$/m,
    ],
    [
      'that the last run failed, and where to look',
      report([], { timer: { ...report([]).timer, last_result: 'exit-code', last_exit_code: 78 } }),
      /failed with exit code 78[^]*journalctl -u autoscaler/,
    ],
    [
      'that nothing was ever recorded, and the command that helps',
      report([service('shop')], {
        ...{ last_sample: null, host: null },
        timer: { ...report([]).timer, state: 'not_installed' },
      }),
      /^sample {2}nothing recorded yet; make a first run: sudo autoscaler run$/m,
    ],
    [
      'that runs are missing',
      report([], { last_sample: { at: AT, age_s: 301, this_boot: true } }),
      /^sample {2}5 m 1 s old: runs are missing$/m,
    ],
    ['how full the memory is', report([]), /^memory {2}5\.0 of 7\.8 GB free +█{7}░{13}$/m],
    [
      'why nothing was done',
      report([]),
      /^held back: duration 31, memory 4, cooldown 0, paused 0, at the limit 12$/m,
    ],
    [
      'workers, limits and metrics',
      report([service('shop')]),
      /2\/2 of 1–4 +cpu 55\.5 % \(30–80 %\)/,
    ],
    [
      'that nothing more is below, in words',
      report([service('shop', { metrics: [bounded({ up_at: 80, down_at: null })] })]),
      /cpu 55\.5 % \(above 80 % → more\) /,
    ],
    [
      'that nothing more is above, in words',
      report([service('shop', { metrics: [bounded({ up_at: null, down_at: 30 })] })]),
      /cpu 55\.5 % \(below 30 % → fewer\) /,
    ],
    ['a streak as progress', report([STREAK]), / ██░{6} 3 m of 10 m → 3$/m],
    [
      'drift',
      report([service('shop', { running: 1, drift: true })]),
      /2\/1 of .*1 running, 2 declared/,
    ],
    [
      'why it is not known how many run, where nothing else is to be said',
      report([service('shop', { running: null, running_error: UNCOUNTED })]),
      /^shop +2\/\? of .* {2}running workers unknown: they are no processes$/m,
    ],
    [
      'why it is not known how many run, behind what is waited for',
      report([{ ...STREAK, running: null, running_error: UNCOUNTED }]),
      / 3 m of 10 m → 3; running workers unknown: they are no processes$/m,
    ],
    [
      'a drain',
      report([
        service('shop', {
          in_progress: {
            ...{ action: 'scale_up', from: 2, to: 3, since: '2026-11-24T11:56:00.000Z' },
            ...{ draining: true, undoing: false, next: null },
          },
        }),
      ]),
      /2 → 3: waiting for running tasks for 4 m$/m,
    ],
    [
      'what becomes of a change that was cut off',
      report([
        service('shop', {
          in_progress: {
            ...{ action: 'scale_up', from: 2, to: 3, since: '2026-11-24T11:56:00.000Z' },
            ...{ draining: false, undoing: false, next: 'undo' },
          },
        }),
      ]),
      /2 → 3: in progress for 4 m; the next run rolls it back$/m,
    ],
    [
      'a pin with its end',
      report([service('shop', { pin: { workers: 2, until: '2026-11-24T14:00:00.000Z' } })]),
      new RegExp(`pinned to 2 until ${localTime('2026-11-24T14:00:00.000Z')}$`, 'm'),
    ],
    [
      'a pin beside what goes on',
      report([{ ...STREAK, pin: { workers: 2, until: null } }]),
      /pinned to 2 until unpinned; ██░{6} 3 m of 10 m → 3$/m,
    ],
    [
      'a pause of both directions with its end, and what it holds back',
      report([service('shop', { ...PAUSED, hold: 'paused', wanted: 4 })]),
      new RegExp(`paused until ${localTime('2026-11-24T13:00:00.000Z')}; would go to 4$`, 'm'),
    ],
    [
      'a pause that holds nothing back',
      report([service('shop', { pause: { up: null, down: { until: null } } })]),
      /lowering paused until resumed$/m,
    ],
    [
      'nothing of what is disabled but that',
      report([service('shop', { ...PAUSED, enabled: false })]),
      / disabled$/m,
    ],
    [
      'that a project is new',
      report([service('shop', { unseen: true, hold: 'missing_metric', hold_reason: 'r' })]),
      /new: the next run looks at it$/m,
    ],
    [
      'nothing of what is to come from a first look alone',
      report([service('shop', { hold: 'duration', streak: null, wanted: 3 })]),
      /it counts from the next run on$/m,
    ],
    [
      'when the first run comes',
      report([service('shop')], { last_sample: null, host: null }),
      /^sample {2}nothing recorded yet: the first run comes in 1 m 12 s$/m,
    ],
    [
      'that the timer is only stopped',
      report([], { timer: { ...report([]).timer, state: 'off', last_result: null } }),
      /^timer {3}stopped, last run 48 s ago$/m,
    ],
    [
      'that the config is the example, and nothing of what that names',
      report([service('shop')], { example: true }),
      /^config {2}this is the example.*\n.*sudo autoscaler init\ntimer .*\n$/,
    ],
    ['that a service is down', report([service('shop', { active: 'failed' })]), /is failed$/m],
  ];
  for (const [name, of, line] of rows) test(name, () => assert.match(render(of), line));
  test('nothing but ASCII in its bars where the terminal has no more', () =>
    assert.match(render(report([STREAK]), Infinity, false), / ##\.{6} 3 m of 10 m/));
});

describe('on a terminal of any width', () => {
  const many = Array.from({ length: 50 }, (_, index) =>
    service('', {
      ...(index % 2 === 0 ? STREAK : { hold: 'memory', hold_reason: 'much '.repeat(40) }),
      project: `${['shop', '日本語', 'a-very-long-name-of-a-project-indeed'][index % 3]}-${index}`,
    }),
  );
  for (let columns = 20; columns <= 200; columns += columns < 40 ? 10 : 7) {
    test(`${columns}: no line is longer, no project is missing`, () => {
      const lines = render(report(many), columns).split('\n');
      for (const line of lines) assert.ok(textWidth(line) <= columns, line);
      for (const name of ['shop-0', '日本語-1', 'shop-48', '日本語-49']) {
        assert.ok(
          lines.some((line) => line.startsWith(name)),
          name,
        );
      }
    });
  }
  test('from 80 on a project is one line', () => {
    assert.equal(
      render(report([STREAK, service('other')]), 80)
        .trimEnd()
        .split('\n').length,
      10,
    );
  });
});

test('texts from elsewhere cannot move the cursor', () => {
  const odd = service('sh\x1b[2Jop', { hold: 'memory', hold_reason: 'a\nb\x1b]0;x\x07' });
  const text = render(report([odd], { notes: ['x\x1b[1m\ny'] }));
  assert.doesNotMatch(text.replaceAll('\n', ''), /\p{Cc}/u);
  assert.equal(text.trimEnd().split('\n').length, 10);
});

test('a fitted text is never wider than it may be', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat(40), (text, columns) => {
      assert.ok(textWidth(fitText(text, columns)) <= columns);
    }),
  );
});

test('a bar is as long as it should be, whatever the share', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), (share) => {
      assert.equal(renderBar(share, 10, true).length, 10);
    }),
  );
});

test('ages are told in their two largest units', () => {
  const rows: [seconds: number, text: string][] = [
    [0, '0 s'],
    [59.6, '1 m'],
    [72, '1 m 12 s'],
    [3600, '1 h'],
    [90_061, '1 d 1 h'],
    [-5, '0 s'],
  ];
  for (const [seconds, text] of rows) assert.equal(formatAge(seconds * 1000), text);
});
