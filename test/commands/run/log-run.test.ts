import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Logger } from 'pino';
import { isFirstOfHour, reportRun } from '../../../src/commands/run/log-run.ts';
import type { Hold, Sample } from '../../../src/model/types.ts';
import type { RunReport, ServiceReport } from '../../../src/commands/run/run-report.ts';

const AT = '2026-11-24T04:04:15.000Z';

function sample(at: string, holds: Record<string, Hold | null> = {}): Sample {
  const services = Object.entries(holds).map(([name, hold]) => [
    name,
    hold === null ? { workers: 2 } : { workers: 2, hold },
  ]);
  return { at, services: Object.fromEntries(services) as unknown } as Sample;
}

function service(of: Partial<ServiceReport>): ServiceReport {
  return {
    ...{ project: 'shop', service: 'shop.service', kind: 'gunicorn', workers: 2, running: 2 },
    ...{ action: 'none', from: 2, to: 2, wanted: null, applied: false, hold: null, codes: [] },
    ...{ reason: 'cpu 12 % → stays at 2', error: null, ...of },
  };
}

function said(services: ServiceReport[], previous: Sample | null): string[] {
  const lines: string[] = [];
  const log = {
    info: ({ event }: { event: string }, text: string) => lines.push(`${event} ${text}`),
  };
  const report = { at: AT, services } as unknown as RunReport;
  reportRun(log as unknown as Logger, report, previous);
  return lines;
}

const held = service({ hold: 'cooldown', wanted: 4, reason: 'cpu 90 % > 80 %, cooldown 3 m' });
const line = 'held shop: cpu 90 % > 80 %, cooldown 3 m';
const minute = '2026-11-24T04:02:15.000Z';

const rows: [
  name: string,
  services: ServiceReport[],
  previous: Sample | null,
  expected: string[],
][] = [
  ['nothing where all stays as it was', [service({})], sample(minute), []],
  ['a change that began to be held', [held], sample(minute, { 'shop.service': null }), [line]],
  ['not while it is held by the same', [held], sample(minute, { 'shop.service': 'cooldown' }), []],
  [
    'when it is held by something else',
    [held],
    sample(minute, { 'shop.service': 'duration' }),
    [line],
  ],
  ['a fault is said by its own line', [{ ...held, error: 'gone' }], sample(minute), []],
  [
    'once an hour how many workers each has',
    [
      service({ workers: 1 }),
      service({ project: 'blog', applied: true, to: 3 }),
      service({ project: 'mail', hold: 'at_limit', wanted: 4, service: 'mail.service' }),
      service({ project: 'wiki', error: 'gone' }),
      service({ project: 'old', hold: 'not_running' }),
      service({ project: 'off', hold: 'disabled' }),
    ],
    sample('2026-11-24T03:59:59.999Z', { 'mail.service': 'at_limit' }),
    [
      'summary 6 services (reported once an hour; why: autoscaler explain PROJECT): shop 1 worker, blog 3 workers, mail 2 workers (4 wanted, held), wiki could not be handled, old not running, off disabled',
    ],
  ],
];

for (const [name, services, previous, expected] of rows) {
  test(`a run says: ${name}`, () => assert.deepEqual(said(services, previous), expected));
}

test('the first run of all is the first of its hour', () => {
  assert.equal(isFirstOfHour(null, Date.parse(AT)), true);
  assert.equal(isFirstOfHour(sample('2026-11-24T04:00:00.000Z'), Date.parse(AT)), false);
  assert.equal(isFirstOfHour(sample('2026-11-23T04:00:00.000Z'), Date.parse(AT)), true);
});
