import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decide } from '../../src/decide/decide.ts';
import type { Decision, Hold, HistoryEntry, Reason } from '../../src/model/types.ts';
import { history, INTERVAL_S, metricPolicy, policy, type Series } from './series.ts';

/** One line of a table. Defaults: 2 workers of 1 to 10, up after 4 minutes, down after 10, a sample every 2. */
interface Case extends Series {
  name: string;
  /** thresholds for cpu and queue, as `3>80 1<30` */
  on?: string;
  onQueue?: string;
  min?: number;
  max?: number;
  /** minutes up, down */
  for?: readonly [number, number];
  forQueue?: readonly [number, number];
  memory?: number;
  edit?: (entries: HistoryEntry[]) => HistoryEntry[];
  to: number | null;
  hold?: Hold | null;
  wanted?: number | null;
  /** all codes, in order */
  codes?: Reason['code'][];
  because?: string;
  /** milliseconds that the first crossing has held, in seconds */
  heldS?: number;
}

const UP = '3>80';
const BOTH = '3>80 1<30';

function run(row: Case): Decision {
  const metrics = [
    ...(row.on === undefined ? [] : [metricPolicy('cpu', row.on, row.for)]),
    ...(row.onQueue === undefined
      ? []
      : [metricPolicy('queue', row.onQueue, row.forQueue ?? row.for)]),
  ];
  const one = policy(metrics, {
    minWorkers: row.min ?? 1,
    maxWorkers: row.max ?? 10,
    memoryThresholdMb: row.memory ?? null,
  });
  const entries = history(row);
  const checkIntervalMs = (row.intervalS ?? INTERVAL_S) * 1000;
  const decisions = decide({
    policies: [one],
    history: row.edit ? row.edit(entries) : entries,
    checkIntervalMs,
  });
  assert.equal(decisions.length, 1);
  return decisions[0]!;
}

function check(table: Case[]): void {
  for (const row of table) {
    test(row.name, () => {
      const decision = run(row);
      const told = JSON.stringify(decision, null, 1);
      assert.equal(decision.to, row.to, told);
      assert.equal(decision.hold, row.hold ?? null, told);
      const { from } = decision;
      const moves = from === null || row.to === null ? 0 : Math.sign(row.to - from);
      assert.equal(decision.action, ['scale_down', 'none', 'scale_up'][moves + 1]);
      if (row.wanted !== undefined) assert.equal(decision.wanted, row.wanted, told);
      const codes = decision.reasons.map(({ code }) => code);
      if (row.codes !== undefined) assert.deepEqual(codes, row.codes, told);
      const renewed = decision.reasons.find((reason) => reason.code === 'new_evidence');
      if (row.because !== undefined) assert.equal(renewed?.because, row.because, told);
      const crossing = decision.reasons.find((reason) => 'heldMs' in reason);
      if (row.heldS !== undefined) assert.equal(crossing?.heldMs, row.heldS * 1000, told);
      assert.deepEqual(JSON.parse(JSON.stringify(decision)), decision);
    });
  }
}

/** Moves the last sample by so many seconds: it comes early or late, and covers as much less or more. */
function late(seconds: number) {
  return (entries: HistoryEntry[]): HistoryEntry[] =>
    entries.map((entry, index) =>
      index < entries.length - 1 || entry.kind !== 'sample'
        ? entry
        : { ...entry, uptime_s: entry.uptime_s + seconds, span_s: (entry.span_s ?? 0) + seconds },
    );
}

/** Changes the sample at an index of the history. */
function editAt(index: number, change: (entry: HistoryEntry) => HistoryEntry) {
  return (entries: HistoryEntry[]): HistoryEntry[] =>
    entries.map((entry, i) => (i === index ? change(entry) : entry));
}

const span = (span_s: number | null) => (entry: HistoryEntry) =>
  entry.kind === 'sample' ? { ...entry, span_s } : entry;

describe('a threshold', () => {
  check([
    {
      name: 'above for the whole duration: up',
      on: UP,
      cpu: '81x2',
      to: 3,
      wanted: 3,
      codes: ['above'],
      heldS: 240,
    },
    {
      name: 'a value equal to the threshold satisfies neither',
      on: '3>80 1<80',
      cpu: '80x9',
      to: 2,
      codes: ['within'],
    },
    {
      name: 'one equal value in the middle starts the count again',
      on: UP,
      cpu: '90 80 90',
      to: 2,
      hold: 'duration',
      heldS: 120,
    },
    { name: 'a fraction above is above', on: UP, cpu: '80.1x2', to: 3 },
    { name: 'a fraction below is below', on: BOTH, cpu: '29.9x5', to: 1 },
    {
      name: 'of the reached steps up the highest counts',
      on: '3>60 4>70 5>95',
      cpu: '90x2',
      to: 4,
      codes: ['above'],
    },
    {
      name: 'of the reached steps down the lowest counts',
      on: '4<50 3<40 2<10',
      workers: 5,
      cpu: '35x5',
      to: 3,
    },
    {
      name: 'a step up that leads to fewer or as many workers is not looked at',
      on: '1>10 2>20',
      cpu: '90x3',
      to: 2,
      codes: ['within'],
    },
    {
      name: 'a step down that leads to more or as many workers is not looked at',
      on: '2<30 3<60',
      cpu: '10x9',
      to: 2,
      codes: ['within'],
    },
    {
      name: 'the reached lower step counts while the higher has not held for long enough',
      on: '3>60 5>90',
      cpu: '70 95',
      to: 3,
    },
    {
      name: 'both steps reached: the higher, although the lower has held longer',
      on: '3>60 5>90',
      cpu: '70 95 95',
      to: 5,
    },
    {
      name: 'not reached: the step that is nearest to it is told',
      on: '3>60 5>90',
      for: [6, 10],
      cpu: '10 70 95',
      to: 2,
      hold: 'duration',
      wanted: 3,
      heldS: 240,
    },
    {
      name: 'not reached, equally long: the highest is told',
      on: '3>60 5>90',
      cpu: '10 95',
      to: 2,
      hold: 'duration',
      wanted: 5,
    },
    {
      name: 'within: nothing is wanted and nothing held',
      on: BOTH,
      cpu: '50x9',
      to: 2,
      wanted: null,
      codes: ['within'],
    },
    { name: 'a queue above a threshold of 0', onQueue: '3>0', queue: '1x3', to: 3 },
    {
      name: 'an empty queue is not above a threshold of 0',
      onQueue: '3>0',
      queue: '0x3',
      to: 2,
      codes: ['within'],
    },
    {
      name: 'overlapping steps up and down: up beats down',
      on: '4>20 1<60',
      cpu: '40x5',
      to: 4,
      codes: ['above'],
    },
    {
      name: 'overlapping steps, up not reached yet: down is not blocked, up is told',
      on: '4>20 1<60',
      for: [20, 4],
      cpu: '40x3',
      to: 1,
      codes: ['below', 'above'],
    },
  ]);
});

describe('a duration', () => {
  check([
    {
      name: 'cpu: one sample short of it is a hold',
      on: UP,
      cpu: '50 81',
      to: 2,
      hold: 'duration',
      wanted: 3,
      codes: ['above'],
      heldS: 120,
    },
    { name: 'cpu: exactly reached is reached', on: UP, cpu: '50 81 81', to: 3, heldS: 240 },
    {
      name: 'cpu: a 2-minute sample satisfies 2 minutes',
      on: UP,
      for: [2, 10],
      cpu: '50 81',
      to: 3,
      heldS: 120,
    },
    {
      name: 'queue: a point spans nothing',
      onQueue: '3>10',
      for: [2, 10],
      queue: '5 11',
      to: 2,
      hold: 'duration',
      heldS: 0,
    },
    {
      name: 'queue: two points span the time between them',
      onQueue: '3>10',
      for: [2, 10],
      queue: '5 11 11',
      to: 3,
      heldS: 120,
    },
    {
      name: 'queue: three points span two intervals',
      onQueue: '3>10',
      queue: '5 11x3',
      to: 3,
      heldS: 240,
    },
    {
      name: 'queue: two points are not enough for two intervals',
      onQueue: '3>10',
      queue: '5 11x2',
      to: 2,
      hold: 'duration',
      heldS: 120,
    },
    {
      name: 'a duration of 0 is reached at once, by a single point',
      onQueue: '3>10',
      for: [0, 0],
      queue: '11',
      to: 3,
    },
    {
      name: 'a duration of 0 is reached at once, by a single average',
      on: UP,
      for: [0, 0],
      cpu: '50 81',
      to: 3,
    },
    {
      name: 'a duration of 0 is not reached without any evidence',
      on: UP,
      for: [0, 0],
      cpu: '81 81',
      edit: editAt(1, span(null)),
      to: 2,
      hold: 'duration',
      because: 'missing_sample',
    },
    {
      name: 'one false sample starts the count again',
      on: UP,
      cpu: '90 90 70 90',
      to: 2,
      hold: 'duration',
      heldS: 120,
    },
    {
      name: 'false now: what was before counts for nothing',
      on: UP,
      cpu: '90x5 70',
      to: 2,
      codes: ['within'],
    },
    { name: 'held is counted no further than needed', on: UP, cpu: '90x30', to: 3, heldS: 240 },
    {
      name: 'down takes its own duration: not reached',
      on: BOTH,
      cpu: '20x4',
      to: 2,
      hold: 'duration',
      wanted: 1,
      heldS: 480,
    },
    {
      name: 'down takes its own duration: reached',
      on: BOTH,
      cpu: '20x5',
      to: 1,
      codes: ['below'],
      heldS: 600,
    },
    {
      name: 'the lower step down has held for less: the higher of them',
      on: '3<50 2<20',
      workers: 5,
      for: [2, 4],
      cpu: '40 10',
      to: 3,
    },
    {
      name: 'a timer that is 10 s early satisfies the duration',
      on: UP,
      cpu: '50 81 81',
      edit: late(-10),
      to: 3,
      heldS: 230,
    },
    {
      name: 'a timer that is more than 10 s early does not',
      on: UP,
      cpu: '50 81 81',
      edit: late(-10.1),
      to: 2,
      hold: 'duration',
    },
    {
      name: 'the tolerance is a tenth of a short interval',
      on: UP,
      for: [0.1, 1],
      intervalS: 3,
      cpu: '50 81 81',
      edit: late(-0.3),
      to: 3,
    },
    {
      name: 'and not more than a tenth of it',
      on: UP,
      for: [0.1, 1],
      intervalS: 3,
      cpu: '50 81 81',
      edit: late(-0.4),
      to: 2,
      hold: 'duration',
    },
    {
      name: 'queue: the tolerance holds for points too',
      onQueue: '3>10',
      for: [2, 10],
      queue: '5 11 11',
      edit: late(-10),
      to: 3,
    },
    {
      name: 'a single sample that covers its span counts that span',
      on: UP,
      for: [2, 10],
      cpu: '90',
      to: 3,
      heldS: 120,
    },
    {
      name: 'a history that begins with the streak says so',
      on: UP,
      cpu: '90',
      to: 2,
      hold: 'duration',
      because: 'first_sample',
    },
    {
      name: 'an average counts no more than the time since the sample before it',
      on: UP,
      cpu: '50 81 81',
      edit: editAt(2, span(290)),
      to: 3,
      heldS: 240,
    },
    {
      name: 'an average counts no more than its span',
      on: UP,
      cpu: '50 81 81',
      edit: editAt(2, span(60)),
      to: 2,
      hold: 'duration',
      heldS: 180,
    },
  ]);
});

describe('a gap', () => {
  check([
    {
      name: 'cpu: the average at its end counts for nothing',
      on: UP,
      for: [2, 10],
      cpu: '90x3 _ _ 90',
      to: 2,
      hold: 'duration',
      heldS: 0,
      because: 'gap',
    },
    {
      name: 'cpu: the sample after that counts',
      on: UP,
      for: [2, 10],
      cpu: '90x3 _ _ 90 90',
      to: 3,
      heldS: 120,
    },
    {
      name: 'cpu: not even a duration of 0 is reached at its end',
      on: UP,
      for: [0, 10],
      cpu: '90x3 _ _ 90',
      to: 2,
      hold: 'duration',
    },
    {
      name: 'queue: the point at its end is a first point',
      onQueue: '3>10',
      for: [2, 10],
      queue: '20x3 _ _ 20',
      to: 2,
      hold: 'duration',
      heldS: 0,
      because: 'gap',
    },
    {
      name: 'queue: the streak begins with that point',
      onQueue: '3>10',
      for: [2, 10],
      queue: '20x3 _ _ 20 20',
      to: 3,
      heldS: 120,
    },
    { name: 'one missing sample is no gap', on: UP, cpu: '50 _ 90', to: 3, heldS: 240 },
    {
      name: 'exactly 2.5 intervals are no gap',
      on: UP,
      cpu: '50 _ 90',
      edit: late(60),
      to: 3,
      heldS: 300,
    },
    {
      name: 'more than 2.5 intervals are a gap',
      on: UP,
      cpu: '50 _ 90',
      edit: late(60.001),
      to: 2,
      hold: 'duration',
      heldS: 0,
      because: 'gap',
    },
    {
      name: 'a span of more than 2.5 intervals is one as well',
      on: UP,
      for: [2, 10],
      cpu: '50 90',
      edit: editAt(1, span(301)),
      to: 2,
      hold: 'duration',
      because: 'gap',
    },
    { name: 'nothing is lowered on a gap', on: BOTH, cpu: '10x5 _ _ 10', to: 2, hold: 'duration' },
    { name: 'a gap before the streak does no harm', on: UP, cpu: '90 _ _ 90 90 90', to: 3 },
  ]);
});

describe('a reboot, a clock', () => {
  check([
    {
      name: 'after a reboot the evidence starts over',
      on: UP,
      for: [2, 10],
      cpu: '90x3 90',
      reboots: [3],
      to: 2,
      hold: 'duration',
      heldS: 0,
      because: 'reboot',
    },
    {
      name: 'queue: the first point after a reboot is a first point',
      onQueue: '3>10',
      for: [2, 10],
      queue: '20x3 20',
      reboots: [3],
      to: 2,
      hold: 'duration',
      because: 'reboot',
    },
    {
      name: 'the second sample of a boot counts',
      on: UP,
      for: [2, 10],
      cpu: '90x3 90 90',
      reboots: [3],
      to: 3,
      heldS: 120,
    },
    {
      name: 'queue: the same moment twice adds nothing and breaks nothing',
      onQueue: '3>10',
      for: [4, 10],
      queue: '20x4',
      edit: late(-120),
      to: 3,
      heldS: 240,
    },
    {
      name: 'queue: the same moment twice does not count twice',
      onQueue: '3>10',
      for: [4, 10],
      queue: '20x3',
      edit: late(-120),
      to: 2,
      hold: 'duration',
      heldS: 120,
    },
    {
      name: 'cpu: the same moment twice adds nothing and breaks nothing',
      on: UP,
      for: [4, 10],
      cpu: '50 90x3',
      edit: late(-120),
      to: 3,
      heldS: 240,
    },
    {
      name: 'cpu: a line that is there twice does not count twice',
      on: UP,
      for: [4, 10],
      cpu: '50 90 90',
      edit: (entries) => [...entries.slice(0, 2), entries[1]!],
      to: 2,
      hold: 'duration',
      heldS: 120,
    },
    {
      name: 'cpu: a false value at the same moment starts the count again',
      on: UP,
      for: [4, 10],
      cpu: '90x3 50 90',
      edit: (entries) => {
        const [a, b, c, d, e] = entries;
        return [a!, b!, c!, { ...d!, uptime_s: c!.uptime_s }, { ...e!, uptime_s: d!.uptime_s }];
      },
      to: 2,
      hold: 'duration',
      heldS: 120,
    },
    {
      name: 'a boot clock that goes back is a break',
      on: UP,
      for: [2, 10],
      cpu: '90x4',
      edit: late(-200),
      to: 2,
      hold: 'duration',
      because: 'clock',
    },
    {
      name: 'a wall clock set back by a day changes nothing',
      on: UP,
      cpu: '50 81 81',
      edit: editAt(2, (e) => ({ ...e, at: '1970-01-01T00:00:00Z' })),
      to: 3,
    },
    {
      name: 'an average without a span is no evidence',
      on: UP,
      for: [2, 10],
      cpu: '90x4',
      edit: editAt(3, span(null)),
      to: 2,
      hold: 'duration',
      because: 'missing_sample',
    },
  ]);
});

describe('a missing value', () => {
  check([
    {
      name: 'in the middle breaks the streak',
      on: UP,
      cpu: '90 90 ? 90',
      to: 2,
      hold: 'duration',
      heldS: 120,
      because: 'missing_sample',
    },
    {
      name: 'never counts as 0',
      on: BOTH,
      cpu: '?x9',
      to: 2,
      hold: 'missing_metric',
      codes: ['missing_metric'],
    },
    {
      name: 'of a queue never counts as 0',
      onQueue: '4>10 1<5',
      queue: '?x9',
      to: 2,
      hold: 'missing_metric',
    },
    {
      name: 'of a queue in the middle breaks its streak',
      onQueue: '3>10',
      queue: '20 20 ? 20',
      to: 2,
      hold: 'duration',
      heldS: 0,
    },
    {
      name: 'prevents a lowering that the other metric asks for',
      on: BOTH,
      onQueue: '4>10 1<5',
      cpu: '10x5',
      queue: '0x4 ?',
      to: 2,
      hold: 'missing_metric',
      wanted: 1,
      codes: ['below', 'missing_metric'],
    },
    {
      name: 'of a metric without down thresholds prevents it too',
      on: BOTH,
      onQueue: '4>10',
      cpu: '10x5',
      queue: '0x4 ?',
      to: 2,
      hold: 'missing_metric',
      wanted: 1,
    },
    {
      name: 'does not prevent a raise by the other metric',
      on: BOTH,
      onQueue: '4>10 1<5',
      cpu: '90x5',
      queue: '?x5',
      to: 3,
      codes: ['above', 'missing_metric'],
    },
    {
      name: 'is told where nothing is prevented',
      on: BOTH,
      onQueue: '4>10 1<5',
      cpu: '50x5',
      queue: '?x5',
      to: 2,
      codes: ['within', 'missing_metric'],
    },
    {
      name: 'is told beside a duration',
      on: BOTH,
      onQueue: '4>10',
      cpu: '50 90',
      queue: '?x2',
      to: 2,
      hold: 'duration',
      codes: ['above', 'missing_metric'],
    },
    {
      name: 'a metric that is back starts over',
      on: BOTH,
      cpu: '10x4 ? 10x4',
      to: 2,
      hold: 'duration',
      heldS: 480,
    },
    {
      name: 'a sample that does not know the workers is no evidence',
      on: UP,
      cpu: '90x4',
      workers: '2 2 ? 2',
      to: 2,
      hold: 'duration',
      because: 'missing_sample',
    },
    {
      name: 'workers unknown now: nothing is changed',
      on: UP,
      cpu: '90x4',
      workers: '2 2 2 ?',
      to: null,
      hold: 'missing_metric',
      codes: ['workers_unknown'],
    },
    {
      name: 'workers and metric unknown: both are told',
      onQueue: '3>10',
      queue: '?x4',
      workers: '?x4',
      to: null,
      hold: 'missing_metric',
      codes: ['workers_unknown', 'missing_metric'],
    },
  ]);
});

describe('a change of the service', () => {
  check([
    {
      name: 'by us: what was before is no evidence after it',
      on: '4>80',
      workers: '2 2 3',
      cpu: '90x3',
      actions: [{ after: 1, to: 3 }],
      to: 3,
      hold: 'duration',
      heldS: 119,
      because: 'workers_changed',
    },
    {
      name: 'an average counts from the action on',
      on: '4>80',
      for: [2, 10],
      workers: '2 2 3',
      cpu: '90x3',
      actions: [{ after: 1, s: 11, to: 3 }],
      to: 3,
      hold: 'duration',
      heldS: 109,
    },
    {
      name: 'with the tolerance that may be enough',
      on: '4>80',
      for: [2, 10],
      workers: '2 2 3',
      cpu: '90x3',
      actions: [{ after: 1, s: 10, to: 3 }],
      to: 4,
      heldS: 110,
    },
    {
      name: 'queue: the first point after an action is a first point',
      onQueue: '4>10',
      for: [2, 10],
      workers: '2 2 3',
      queue: '20x3',
      actions: [{ after: 1, to: 3 }],
      to: 3,
      hold: 'duration',
      heldS: 0,
    },
    {
      name: 'queue: the second spans the time between them',
      onQueue: '4>10',
      for: [2, 10],
      workers: '2 2 3 3',
      queue: '20x4',
      actions: [{ after: 1, to: 3 }],
      to: 4,
    },
    {
      name: 'an action that failed restarted the service too',
      on: UP,
      for: [4, 10],
      cpu: '90x3',
      actions: [{ after: 1, to: 3, result: 'failed' }],
      to: 2,
      hold: 'duration',
      heldS: 119,
      because: 'restarted',
    },
    {
      name: 'an action that was undone restarted the service too',
      on: UP,
      cpu: '90x3',
      actions: [{ after: 1, to: 3, result: 'undone' }],
      to: 2,
      hold: 'duration',
      because: 'restarted',
    },
    {
      name: 'an action of another service changes nothing',
      on: UP,
      cpu: '90x3',
      actions: [{ after: 1, to: 3, service: 'other.service' }],
      to: 3,
    },
    {
      name: 'an action after the last sample leaves no evidence',
      on: '4>80',
      workers: 2,
      cpu: '90x9',
      actions: [{ after: 8, to: 3 }],
      to: 3,

      hold: 'duration',
    },
    {
      name: 'by someone: the average is no evidence',
      on: '4>80',
      for: [2, 10],
      workers: '2 2 3',
      cpu: '90x3',
      to: 3,
      hold: 'duration',
      heldS: 0,
      because: 'workers_changed',
    },
    {
      name: 'by someone, queue: the point is a first point',
      onQueue: '4>10',
      for: [2, 10],
      workers: '2 2 3',
      queue: '20x3',
      to: 3,
      hold: 'duration',
      heldS: 0,
    },
    {
      name: 'by someone: the sample after that counts',
      on: '4>80',
      for: [2, 10],
      workers: '2 2 3 3',
      cpu: '90x4',
      to: 4,
    },
    {
      name: 'to another count than an action says: by someone',
      on: '5>80',
      for: [2, 10],
      workers: '2 2 4',
      cpu: '90x3',
      actions: [{ after: 1, to: 3 }],
      to: 4,
      hold: 'duration',
      heldS: 0,
    },
    {
      name: 'after a deploy (another main process) the evidence starts over',
      on: UP,
      for: [2, 10],
      pid: '7 7 8',
      cpu: '90x3',
      to: 2,
      hold: 'duration',
      heldS: 0,
      because: 'restarted',
    },
    {
      name: 'a deploy, queue: the point is a first point',
      onQueue: '3>10',
      for: [2, 10],
      pid: '7 7 8',
      queue: '20x3',
      to: 2,
      hold: 'duration',
      heldS: 0,
    },
    {
      name: 'the sample after a deploy counts',
      on: UP,
      for: [2, 10],
      pid: '7 8 8',
      cpu: '90x3',
      to: 3,
    },
    {
      name: 'a main process that an action restarted is no deploy',
      on: '4>80',
      for: [2, 10],
      workers: '2 2 3',
      pid: '7 7 8',
      cpu: '90x3',
      actions: [{ after: 1, to: 3 }],
      to: 4,
      heldS: 119,
    },
    {
      name: 'a service that did not run before was started',
      on: UP,
      for: [2, 10],
      pid: '? 7',
      cpu: '90x2',
      to: 2,
      hold: 'duration',
      because: 'restarted',
    },
    {
      name: 'a service that runs no more keeps its evidence',
      on: UP,
      for: [2, 10],
      pid: '7 ?',
      cpu: '90x2',
      to: 3,
    },
    {
      name: 'an action before a sample that was taken earlier is no evidence',
      onQueue: '3>10',
      for: [0, 10],
      queue: '20x3',
      workers: '2 2 2',
      actions: [{ after: 1, s: 125, to: 2 }],
      to: 2,
      hold: 'duration',
      because: 'workers_changed',
    },
  ]);
});

describe('several metrics', () => {
  const two = { on: '3>80 1<30', onQueue: '5>10 1<4' };
  check([
    {
      ...two,
      name: 'up when one asks for it',
      cpu: '50x4',
      queue: '20x4',
      to: 5,
      codes: ['above'],
    },
    {
      ...two,
      name: 'up by the highest, which is told first',
      cpu: '90x4',
      queue: '20x4',
      to: 5,
      codes: ['above', 'above'],
    },
    { ...two, name: 'up beats down', cpu: '10x6', queue: '20x6', to: 5 },
    {
      ...two,
      name: 'down when all agree',
      cpu: '10x6',
      queue: '1x6',
      to: 1,
      codes: ['below', 'below'],
    },
    {
      ...two,
      name: 'not down when one does not agree',
      cpu: '10x6',
      queue: '6x6',
      to: 2,
      codes: ['below', 'not_agreed'],
    },
    {
      ...two,
      name: 'not down while one has not held for long enough',
      cpu: '10x6',
      queue: '6 6 6 1 1 1',
      to: 2,
      hold: 'duration',
      wanted: 1,
      codes: ['below', 'below'],
    },
    {
      ...two,
      name: 'an average holds one sample earlier than a point',
      cpu: '10x5',
      queue: '1x5',
      to: 2,
      hold: 'duration',
    },
    {
      name: 'down to the highest of the low ones',
      on: '3<30 2<10',
      onQueue: '2<4',
      workers: 5,
      cpu: '20x6',
      queue: '1x6',
      to: 3,
    },
    {
      name: 'a metric without down thresholds has no vote',
      on: '3>80',
      onQueue: '1<4',
      cpu: '50x6',
      queue: '1x6',
      to: 1,
    },
    {
      name: 'a metric whose down thresholds lead no lower does not agree',
      on: '2<30',
      onQueue: '1<4',
      cpu: '10x6',
      queue: '1x6',
      to: 2,
      codes: ['not_agreed', 'below'],
    },
    {
      name: 'up not reached and down not reached: up is the hold',
      ...two,
      cpu: '50 90',
      queue: '6 1',
      to: 2,
      hold: 'duration',
      wanted: 3,
    },
    {
      name: 'two metrics that each hold for half of the duration do not add up',
      on: '3>80',
      onQueue: '3>10',
      cpu: '90x2 50x2',
      queue: '5x2 20x2',
      to: 2,
      hold: 'duration',
    },
    {
      name: 'each metric has its own duration',
      on: '3>80',
      onQueue: '5>10',
      for: [10, 10],
      forQueue: [2, 2],
      cpu: '90x2',
      queue: '20x2',
      to: 5,
    },
  ]);
});

describe('min and max', () => {
  check([
    {
      name: 'below min_workers: raised at once',
      on: UP,
      min: 4,
      cpu: '50',
      to: 4,
      wanted: null,
      codes: ['below_min'],
    },
    { name: 'below min_workers: raised on a gap too', on: UP, min: 4, cpu: '50 _ _ _ 50', to: 4 },
    {
      name: 'below min_workers: raised while metrics are missing',
      on: UP,
      min: 4,
      cpu: '?',
      to: 4,
      codes: ['below_min', 'missing_metric'],
    },
    {
      name: 'below min_workers: a threshold may ask beyond it',
      on: '6>80',
      min: 4,
      cpu: '90x2',
      to: 6,
      codes: ['below_min', 'above'],
    },
    {
      name: 'below min_workers: a threshold that asks for less is lifted',
      on: '3>80',
      min: 4,
      cpu: '90x2',
      to: 4,
      codes: ['below_min', 'above', 'clamped'],
    },
    {
      name: 'above max_workers: lowered at once',
      on: UP,
      max: 4,
      workers: 9,
      cpu: '99',
      to: 4,
      codes: ['above_max'],
    },
    {
      name: 'above max_workers: lowered while metrics are missing',
      on: UP,
      max: 4,
      workers: 9,
      cpu: '?',
      to: 4,
      codes: ['above_max', 'missing_metric'],
    },
    {
      name: 'above max_workers: a threshold may ask for less',
      on: '2<30',
      max: 4,
      workers: 9,
      cpu: '10x5',
      to: 2,
      codes: ['above_max', 'below'],
    },
    {
      name: 'above max_workers: up beats down, within the limit',
      on: '12>80',
      onQueue: '2<5',
      max: 4,
      workers: 9,
      cpu: '90x6',
      queue: '0x6',
      to: 4,
      codes: ['above_max', 'above', 'clamped'],
    },
    {
      name: 'a threshold beyond max_workers is cut',
      on: '9>80',
      max: 4,
      cpu: '90x2',
      to: 4,
      wanted: 9,
      codes: ['above', 'clamped'],
    },
    {
      name: 'a threshold below min_workers is lifted',
      on: '1<30',
      min: 2,
      workers: 4,
      cpu: '10x5',
      to: 2,
      wanted: 1,
      codes: ['below', 'clamped'],
    },
    {
      name: 'at max_workers with an up threshold crossed: at the limit',
      on: '2>60',
      max: 2,
      cpu: '90x4',
      to: 2,
      hold: 'at_limit',
      codes: ['above', 'at_max'],
    },
    {
      name: 'at max_workers with a threshold beyond it reached: at the limit',
      on: '5>60',
      max: 2,
      cpu: '90x4',
      to: 2,
      hold: 'at_limit',
      wanted: 5,
      codes: ['above', 'at_max'],
    },
    {
      name: 'at max_workers with a threshold beyond it crossed: at the limit, no duration',
      on: '5>60',
      max: 2,
      cpu: '50 90',
      to: 2,
      hold: 'at_limit',
    },
    {
      name: 'at max_workers with only a lower step crossed: nothing is wanted',
      on: '2>60 3>80',
      max: 3,
      workers: 3,
      cpu: '70x4',
      to: 3,
      codes: ['within'],
    },
    {
      name: 'at min_workers with a down threshold crossed: nothing is held',
      on: '1<30',
      workers: 1,
      cpu: '10x9',
      to: 1,
      codes: ['below', 'at_min'],
    },
    {
      name: 'at min_workers with a threshold below it reached: nothing is held',
      on: '1<30',
      min: 2,
      cpu: '10x9',
      to: 2,
      codes: ['below', 'at_min'],
    },
    {
      name: 'at min_workers with a threshold below it crossed: no duration',
      on: '1<30',
      min: 2,
      cpu: '50 10',
      to: 2,
      codes: ['below', 'at_min'],
    },
    {
      name: 'min and max equal: any other count is mended',
      on: UP,
      min: 3,
      max: 3,
      workers: 5,
      cpu: '50',
      to: 3,
    },
    {
      name: 'a project without thresholds keeps its limits alone',
      min: 1,
      cpu: '50',
      to: 2,
      codes: [],
    },
  ]);
});

describe('memory', () => {
  const base = { on: '6>80', cpu: '90x2', workers: 2, service: { memory_mb: 200 } };
  check([
    {
      ...base,
      name: 'enough remains: granted',
      memory: 1000,
      availableMb: 1500,
      to: 6,
      codes: ['above'],
    },
    {
      ...base,
      name: 'what remains is equal to the threshold: enough',
      memory: 1000,
      availableMb: 1400,
      to: 6,
    },
    {
      ...base,
      name: 'one MB less: the largest count that fits',
      memory: 1000,
      availableMb: 1399,
      to: 5,
      wanted: 6,
      codes: ['above', 'memory'],
    },
    { ...base, name: 'exactly one more fits', memory: 1000, availableMb: 1100, to: 3 },
    {
      ...base,
      name: 'none fits: hold',
      memory: 1000,
      availableMb: 1099,
      to: 2,
      hold: 'memory',
      wanted: 6,
      codes: ['above', 'memory'],
    },
    {
      ...base,
      name: 'less than the threshold already: hold',
      memory: 1000,
      availableMb: 900,
      to: 2,
      hold: 'memory',
    },
    {
      ...base,
      name: 'a worker costs what the running ones hold, not the declared',
      service: { memory_mb: 200, running: 1 },
      memory: 1000,
      availableMb: 1400,
      to: 4,
    },
    {
      ...base,
      name: 'cost unknown: what is available is held against the threshold',
      service: {},
      memory: 1000,
      availableMb: 1000,
      to: 6,
    },
    {
      ...base,
      name: 'cost unknown, less available: hold',
      service: {},
      memory: 1000,
      availableMb: 999,
      to: 2,
      hold: 'memory',
    },
    {
      ...base,
      name: 'none running: the cost is unknown',
      service: { memory_mb: 200, running: 0 },
      memory: 1000,
      availableMb: 1000,
      to: 6,
    },
    {
      ...base,
      name: 'available memory unknown: hold',
      memory: 1000,
      availableMb: null,
      to: 2,
      hold: 'memory',
    },
    { ...base, name: 'available memory unknown, no threshold: granted', availableMb: null, to: 6 },
    {
      ...base,
      name: 'a lowering asks for no memory',
      on: '1<95',
      memory: 9000,
      availableMb: 10,
      cpu: '90x5',
      to: 1,
    },
    {
      ...base,
      name: 'min_workers is promised whatever memory remains',
      on: UP,
      min: 4,
      memory: 1000,
      availableMb: 10,
      to: 4,
      codes: ['below_min', 'above', 'clamped'],
    },
    {
      ...base,
      name: 'beyond min_workers memory counts again',
      min: 4,
      memory: 1000,
      availableMb: 1300,
      to: 5,
      codes: ['below_min', 'above', 'memory'],
    },
    {
      ...base,
      name: 'max_workers first, then memory',
      max: 4,
      memory: 1000,
      availableMb: 1100,
      to: 3,
      codes: ['above', 'clamped', 'memory'],
    },
  ]);
});

describe('an empty queue is not an idle pool', () => {
  const low = { onQueue: '8>10 2<2', forQueue: [0, 0] as const, queue: '0x3', workers: 8 };
  const running = (running_tasks: number | null) => ({ service: { running_tasks } });
  check([
    { name: 'as many running as the lower count holds: down', ...low, ...running(2), to: 2 },
    {
      name: 'more running than the lower count holds: nothing is lowered',
      ...low,
      ...running(3),
      to: 8,
      hold: 'tasks_running',
      wanted: 2,
      codes: ['below', 'tasks_running'],
    },
    {
      name: 'not known how many run: the thresholds decide, which is said',
      ...low,
      ...running(null),
      to: 2,
      codes: ['below', 'running_tasks_unknown'],
    },
    {
      name: 'max_workers is kept all the same',
      ...low,
      ...running(8),
      max: 6,
      to: 6,
    },
  ]);
});
