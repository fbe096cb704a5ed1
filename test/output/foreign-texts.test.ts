import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Manifest } from '../../src/act/journal/manifest.ts';
import { measureError } from '../../src/model/measure-error.ts';
import type { FileChange } from '../../src/model/change.ts';
import type { Plan } from '../../src/act/types.ts';
import type { RecordedSeries } from '../../src/commands/shared/recorded-series.ts';
import type { Config } from '../../src/config/schema/schema.ts';
import type { Sample } from '../../src/model/types.ts';
import type { Candidate } from '../../src/kinds/shared/proposal.ts';
import type { Proposal } from '../../src/commands/init/proposal/types.ts';
import { renderChanges } from '../../src/commands/rollback/changes-report.ts';
import { renderCheck, type CheckDocument } from '../../src/commands/check/report.ts';
import { renderDiff } from '../../src/output/diff.ts';
import { renderExplanation } from '../../src/commands/explain/report.ts';
import type { Explanation } from '../../src/commands/explain/types.ts';
import { renderCsv } from '../../src/commands/history/csv.ts';
import { renderHistory } from '../../src/commands/history/report.ts';
import { renderHtmlReport } from '../../src/commands/report/html-report.ts';
import { renderScan } from '../../src/commands/init/report.ts';
import { renderMetrics } from '../../src/commands/metrics/report.ts';
import { renderFamilies } from '../../src/output/prometheus.ts';
import { renderRollback, type RollbackResult } from '../../src/commands/rollback/report.ts';
import { renderRunReport, type RunReport } from '../../src/commands/run/run-report.ts';
import { renderStatus } from '../../src/commands/status/report.ts';
import type { StatusReport } from '../../src/commands/status/types.ts';
import { paint } from '../../src/output/terminal.ts';
import { makeVisible } from '../../src/host/visible.ts';
import { CONTROLS, HOSTILE, replaceEach } from './hostile-text.ts';

const AT = '2026-11-24T12:00:00.000Z';
const OUT = { write: () => undefined, paint };
const SCREEN = { columns: Infinity, rows: 24, unicode: true };

const ERROR = measureError('bug', 'e');
const SAMPLE: Sample = {
  ...{ v: 1, kind: 'sample', at: AT, boot: 'b', uptime_s: 9, span_s: 120 },
  host: { cpu_percent: null, memory_available_mb: null, errors: { cpu_percent: ERROR, io: ERROR } },
  services: {
    'shop.service': {
      ...{
        workers: 2,
        active: 'active',
        hold: 'duration',
        errors: { q: ERROR },
        notes: { n: 'n' },
      },
    },
  },
};
const CONFIG = {
  projects: { shop: { enabled: true, service_name: 'shop.service' } },
} as unknown as Config;
const SERVICE = {
  ...{ project: 'shop', service: 'shop.service', kind: 'gunicorn', workers: 2, running: 2 },
  ...{ action: 'none' as const, from: 2, to: 2, wanted: 3, applied: false, hold: null },
} as const;
const RUN: RunReport = {
  ...{ at: AT, dry_run: true, host: SAMPLE.host, hint: undefined as never },
  unfinished: [{ service: 'shop.service', next: 'undo', sentence: 's' }],
  services: [
    { ...SERVICE, codes: ['c'], reason: 'r', error: 'e' },
    { ...SERVICE, codes: ['c'], action: 'scale_up', reason: 'r', error: null },
  ],
};
delete RUN.hint;
const STATUS: StatusReport = {
  ...{ v: 2, at: AT, check_interval_s: 120, notes: ['n'], host: null, example: false },
  timer: {
    ...{ state: 'on', enabled: true, running: false, error: 'e', next_at: AT, last_at: AT },
    ...{ last_result: 'core-dump', last_exit_code: null },
  },
  last_sample: { at: AT, age_s: 48, this_boot: true },
  last_day: { runs: 1, held: { memory: 2 }, changes: { up: 1, down: 0, other: 0, failed: 0 } },
  services: [
    {
      ...{ project: 'shop', service: 'shop.service', enabled: true, active: 'active', drift: true },
      ...{ workers: 2, running: null, running_error: ERROR, min_workers: 1, max_workers: 4 },
      ...{ schedule: 's', streak: null },
      ...{ in_progress: null, action: 'none', from: 2, to: 2, wanted: null, hold: null },
      ...{ reason: 'r', hold_reason: 'h', pause: null, pin: null, unseen: false },
      metrics: [{ metric: 'cpu', value: null, error: ERROR, up_at: 80, down_at: 30 }],
      last_change: { at: AT, action: 'scale_up', from: 1, to: 2, result: 'undone', reason: 'r' },
    },
  ],
};
const EXPLANATION: Explanation = {
  ...{ v: 2, at: AT, project: 'shop', service: 'shop.service', enabled: true, sample_at: AT },
  ...{ age_s: 48, workers: 2, running: 2, action: 'none', from: 2, to: 2, wanted: 3 },
  ...{ hold: 'memory', codes: [], reason: 'r', horizon_s: 600, timer_on: null },
  metrics: [{ metric: 'cpu', value: null, error: ERROR, first_look: false, thresholds: [] }],
  limits: [{ limit: 'memory', acted: true, text: 't' }],
  since: [{ at: AT, action: 'a', from: 1, to: 2, result: 'r', reason: 'r' }],
  next: { at: AT, in_s: 60, to: 3, reason: 'r' },
};
const CHECK: CheckDocument = {
  ...{ v: 1, errors: 1, warnings: 0 },
  findings: [{ code: 'c', severity: 'error', project: 'shop', evidence: 'e', remedy: 'r' }],
};
const SERIES: RecordedSeries = {
  ...{ fromMs: Date.parse(AT) - 600_000, toMs: Date.parse(AT), memoryTotalMb: null },
  ...{ sinceMs: Date.parse(AT) - 600_000, memoryUnitMb: 1 },
  samples: [{ atMs: Date.parse(AT) - 300_000, sample: SAMPLE }],
  changes: [
    {
      ...{ v: 1, kind: 'action', at: AT, boot: 'b', uptime_s: 9, service: 'shop.service' },
      ...{ action: 'scale_up', from: 1, to: 2, result: 'undone', reason: 'r' },
      ...{ atMs: Date.parse(AT) - 200_000, project: 'shop' },
    },
  ],
  cpu: { name: 'cpu', unit: ' %', points: [] },
  memory: { name: 'memory', unit: ' MB', points: [] },
  projects: [
    {
      ...{ project: 'shop', service: 'shop.service', policy: null, metrics: [] },
      workers: { name: 'workers', unit: '', points: [{ atMs: Date.parse(AT), value: 2 }] },
    },
  ],
  warnings: ['w'],
};
const CANDIDATE: Candidate = {
  ...{ service: 'shop.service', kind: 'celery', workers: 2, workerMb: null, bind: 'b' },
  ...{ broker: null, guess: null, queues: ['celery'], hasCpu: true, obstacle: 'o' },
  ...{ workerClass: null, showsTasks: true },
};
const PROPOSALS: Proposal[] = [
  {
    ...{ project: 'shop', candidate: CANDIDATE, enabled: false, minWorkers: 1, maxWorkers: 4 },
    ...{ memoryThresholdMb: 1, apply: 'live' },
    reasons: { by: 'b', metrics: [], maxStep: { scale_down: 1 } },
  },
];
const PLAN: Plan = {
  ...{ service: 'shop.service', project: 'shop', kind: 'gunicorn', action: 'rollback', from: 3 },
  ...{ to: 2, apply: 'restart', resize: 'restart', obstacle: null, countable: true, undoes: [] },
  ...{ folders: [], reasons: [], reason: 'r', files: [], barrier: null, also: ['a.service'] },
};
const ROLLBACK: RollbackResult[] = [
  { service: 'a.service', error: 'e' },
  {
    ...{ service: 'shop.service', notes: ['n'], plan: PLAN },
    outcome: {
      ...{ service: 'shop.service', project: 'shop', action: 'rollback', from: 3, to: 2 },
      ...{ result: 'failed', sentence: 's', hint: 'h', changeId: 'x', running: 2, reason: 'r' },
    },
  },
];
const CHANGE = {
  ...{ id: '1', at: AT, service: 'shop.service', project: 'shop', action: 'scale_up', from: 2 },
  ...{ to: 3, reason: 'r', undoes: [], files: [], undo_because: null },
  outcome: { result: 'undone', why: 'w' },
} as unknown as Manifest;
const FILES: FileChange[] = [{ path: '/a', before: 'x\nA=1\n', after: 'x\nA=2\n' }];

interface Case<T = unknown> {
  name: string;
  document: T;
  render: (document: T) => string | Promise<string>;
  /** these are words of ours, by which others are looked up */
  fixed?: string[];
  /** files, whose lines stay lines; how long they may be is bounded where they are read */
  ofFile?: boolean;
}

const WORDS = [
  'metric',
  'limit',
  'severity',
  'state',
  'at',
  'next_at',
  'last_at',
  'kind',
  'action',
];

function of<T>(rest: Case<T>): Case {
  return rest as Case;
}

const CASES: Case[] = [
  of({ name: 'run', document: RUN, render: (each) => renderRunReport(each, [], OUT, Infinity) }),
  of({
    name: 'metrics',
    document: SAMPLE,
    render: (each) => renderMetrics(CONFIG, each),
  }),
  of({
    name: 'status',
    document: STATUS,
    render: (each) => renderStatus(each, SCREEN, OUT),
    fixed: WORDS,
  }),
  of({
    name: 'status on a narrow terminal',
    document: STATUS,
    render: (each) => renderStatus(each, { ...SCREEN, columns: 30 }, OUT),
    fixed: WORDS,
  }),
  of({ name: 'explain', document: EXPLANATION, render: renderExplanation, fixed: WORDS }),
  of({
    name: 'check',
    document: CHECK,
    render: (each) => renderCheck(each, OUT, false),
    fixed: WORDS,
  }),
  of({
    name: 'history',
    document: SERIES,
    render: (each) => renderHistory(each, SCREEN, OUT),
    // names of metrics are ours
    fixed: ['cpu', 'memory', 'workers'],
  }),
  of({
    name: 'history --csv',
    document: SERIES,
    render: (each) => renderCsv(each).replaceAll('\r\n', '\n'),
    // a sample of another service has no row
    fixed: ['cpu', 'memory', 'workers', 'projects'],
  }),
  of({
    name: 'report',
    document: SERIES,
    render: (each) => renderHtmlReport(each, 'host'),
    fixed: ['cpu', 'memory', 'workers', 'service'],
  }),
  of({
    name: 'init',
    document: { unusable: [{ service: 'a.service', why: 'w', hint: 'h' }], proposals: PROPOSALS },
    render: ({ unusable, proposals }) =>
      renderScan({ seen: 2, unusable }, proposals, { cores: 1, totalMb: 1, availableMb: 1 }),
    fixed: ['metric', 'kind'],
  }),
  of({ name: 'rollback', document: ROLLBACK, render: (each) => renderRollback(each, false) }),
  of({ name: 'rollback --list', document: [CHANGE], render: renderChanges, fixed: ['at'] }),
  of({ name: 'a diff', document: FILES, render: renderDiff, ofFile: true }),
];

for (const { name, document, render, fixed = [], ofFile = false } of CASES) {
  describe(`${name}: a hostile text in each field`, () => {
    for (const [what, text] of HOSTILE) {
      test(what, async () => {
        const before = makeVisible(await render(document));
        const lines = before.split('\n').length;
        let fields = 0;
        for (const { path, changed } of replaceEach(
          document,
          ofFile ? text.slice(0, 5000) : text,
          fixed,
        )) {
          const written = Buffer.from(makeVisible(await render(changed))).toString();
          const shown = ofFile ? written.replaceAll('\r\n', '\n') : written;
          // our own colours are the only escapes
          assert.doesNotMatch(shown.replaceAll(/\x1b\[(?:2|22|3[1236]|39)m/g, ''), CONTROLS, path);
          fields += 1;
          if (ofFile && path !== '0.path') continue;
          assert.equal(shown.split('\n').length, lines, `${path} makes a line of its own`);
          assert.ok(shown.length < before.length + 7000, `${path}: ${shown.length} characters`);
        }
        assert.ok(fields > 0);
      });
    }
  });
}

describe('the page of report', () => {
  test('nothing of a text is markup, a script, a link or an attribute', () => {
    const texts = [
      '</script><script>alert(1)</script>',
      '</style><svg onload=alert(1)>',
      '"><img src=x onerror=alert(1)>',
      "' onmouseover='alert(1)",
      '--><iframe src=javascript:alert(1)>',
      'javascript:alert(1)',
      '<!--',
      '&lt;script&gt;',
    ];
    const tags = (html: string) => html.match(/<[^>]*>/g);
    const before = tags(renderHtmlReport(SERIES, 'host'));
    for (const text of texts) {
      for (const { path, changed } of replaceEach(SERIES, text, ['cpu', 'memory', 'workers'])) {
        if (path.endsWith('.service')) continue;
        const html = renderHtmlReport(changed, text);
        assert.deepEqual(tags(html), before, path);
      }
    }
  });
});

describe('CSV', () => {
  const cellOf = (reason: string): string => {
    const series = { ...SERIES, samples: [], changes: [{ ...SERIES.changes[0]!, reason }] };
    const row = renderCsv(series).split('\r\n')[1] ?? '';
    // the columns behind the reason are those of samples
    return row.slice(row.indexOf('undone,') + 'undone,'.length).replace(/,+$/, '');
  };
  const rows: [text: string, cell: string][] = [
    ['plain, with "quotes"', '"plain, with ""quotes"""'],
    ["=cmd|'/c calc'!A1", "'=cmd|'/c calc'!A1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@SUM(1)', "'@SUM(1)"],
    ['\t=1+1', "' =1+1"],
    ['\r=1+1', "' =1+1"],
    ['\n=1+1', "' =1+1"],
    [' =1+1', "' =1+1"],
    ['\u200b=1+1', "'=1+1"],
    ['\uff1d1+1', "'\uff1d1+1"],
    ['a;=1+1', '"a;\'=1+1"'],
    ['a\n=1+1', 'a =1+1'],
    ['cpu 83 % > 80 % → 3', 'cpu 83 % > 80 % → 3'],
  ];
  for (const [text, cell] of rows) {
    test(JSON.stringify(text), () => assert.equal(cellOf(text), cell));
  }

  test('a negative number stays a number', () => {
    const [{ atMs, sample }] = SERIES.samples as [{ atMs: number; sample: Sample }];
    const host = { ...sample.host, cpu_percent: -1.5 };
    const csv = renderCsv({ ...SERIES, samples: [{ atMs, sample: { ...sample, host } }] });
    assert.match(csv, /,shop\.service,-1\.5,/);
  });
});

describe('a metric', () => {
  for (const [what, text] of HOSTILE) {
    test(`${what} in a label: one line that the format allows`, () => {
      const labels = { service: text.slice(0, 10_000) };
      const family = {
        name: 'a',
        type: 'gauge',
        help: 'h',
        series: [{ labels, value: 1 }],
      } as const;
      const lines = renderFamilies([{ ...family, series: [...family.series] }]).split('\n');
      assert.equal(lines.length, 4);
      assert.match(lines[2]!, /^a\{service="(?:[^"\\\n]|\\[\\"n])*"\} 1$/);
      assert.doesNotMatch(Buffer.from(lines[2]!).toString(), CONTROLS);
    });
  }
});
