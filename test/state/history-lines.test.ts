import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { countHolds } from '../../src/decide/holds.ts';
import { parseCountedLine } from '../../src/state/counted-line.ts';
import { parseHistoryLine } from '../../src/state/history-lines.ts';

const SAMPLE = {
  v: 1,
  kind: 'sample',
  at: '2026-11-24T04:04:15.123Z',
  boot: '5c9e',
  uptime_s: 9267.1,
  span_s: 120,
  host: { cpu_percent: 71.2, memory_available_mb: 5120 },
  services: { 'shop.service': { workers: 3, memory_mb: 412, queue_length: 17 } },
};
const ACTION = {
  v: 1,
  kind: 'action',
  at: '2026-11-24T04:04:16.001Z',
  boot: '5c9e',
  uptime_s: 9268,
  service: 'shop.service',
  action: 'scale_up',
  from: 3,
  to: 4,
  result: 'applied',
  reason: 'cpu',
};

const count = (line: string) => parseCountedLine(Buffer.from(line));
const parse = (entry: object): unknown => parseHistoryLine(JSON.stringify(entry));

describe('a line of the history', () => {
  test('a sample comes out as it went in', () => assert.deepEqual(parse(SAMPLE), SAMPLE));
  test('an action comes out as it went in', () => assert.deepEqual(parse(ACTION), ACTION));
  test('keys that are not known are kept', () => {
    const more = {
      ...SAMPLE,
      host: { ...SAMPLE.host, cpu_ticks: { total: 1, idle: 1, steal: 0 } },
    };
    assert.deepEqual(parse(more), more);
  });
  test('what is missing is null', () => {
    const bare = { ...SAMPLE, span_s: null, host: {}, services: { a: {} } };
    const host = { cpu_percent: null, memory_available_mb: null };
    assert.deepEqual(parse(bare), { ...bare, host, services: { a: { workers: null } } });
  });
  test('so is a whole part that is missing: it says nothing', () => {
    const { v, kind, at, boot, uptime_s } = SAMPLE;
    const host = { cpu_percent: null, memory_available_mb: null };
    const least = { v, kind, at, boot, uptime_s };
    assert.deepEqual(parse(least), { ...least, span_s: null, host, services: {} });
  });
  test('a carriage return at the end does no harm', () => {
    assert.deepEqual(parseHistoryLine(`${JSON.stringify(SAMPLE)}\r`), SAMPLE);
  });
});

describe('a wrong line', () => {
  const table: [fault: string, line: string | object][] = [
    ['expected a JSON object, found nothing', ''],
    ['expected a JSON object, found {"v":1,"kind":"sam', '{"v":1,"kind":"sam'],
    ['expected a JSON object, found [1]', '[1]'],
    ['expected a JSON object, found null', 'null'],
    [`expected a JSON object, found ${'x'.repeat(60)}…`, 'x'.repeat(1000)],
    ['kind: expected "sample" or "action", found nothing', {}],
    ['kind: expected "sample" or "action", found "other"', { ...SAMPLE, kind: 'other' }],
    ['v: expected version 1 of the format, found 2', { ...SAMPLE, v: 2 }],
    ['at: expected a text, found 5', { ...SAMPLE, at: 5 }],
    ['boot: expected a text, found nothing', { ...SAMPLE, boot: undefined }],
    ['uptime_s: expected seconds, 0 or more, found "9"', { ...SAMPLE, uptime_s: '9' }],
    ['uptime_s: expected seconds, 0 or more, found -1', { ...SAMPLE, uptime_s: -1 }],
    ['span_s: expected seconds, 0 or more, or null, found "2"', { ...SAMPLE, span_s: '2' }],
    ['host: expected an object, or null, found 1', { ...SAMPLE, host: 1 }],
    ['services: expected an object, or null, found []', { ...SAMPLE, services: [] }],
    ['brakes: expected an object, or null, found []', { ...SAMPLE, brakes: [] }],
    ['brakes.a: expected an object, found 1', { ...SAMPLE, brakes: { a: 1 } }],
    [
      'brakes.a.failures: expected a whole number, 0 or more, or null, found "2"',
      { ...SAMPLE, brakes: { a: { failures: '2' } } },
    ],
    [
      'host.cpu_percent: expected a number, 0 or more, or null, found "71"',
      { ...SAMPLE, host: { cpu_percent: '71' } },
    ],
    [
      'host.errors: expected texts by key, or null, found {"a":1}',
      { ...SAMPLE, host: { errors: { a: 1 } } },
    ],
    ['services.a: expected an object, found 3', { ...SAMPLE, services: { a: 3 } }],
    [
      'services.a.workers: expected a whole number, 0 or more, or null, found 2.5',
      { ...SAMPLE, services: { a: { workers: 2.5 } } },
    ],
    [
      'services.a.queue_length: expected a number, 0 or more, or null, found -3',
      { ...SAMPLE, services: { a: { queue_length: -3 } } },
    ],
    ['service: expected a text, found nothing', { ...ACTION, service: undefined }],
    [
      'action: expected scale_up or scale_down or rollback or heal, found "up"',
      { ...ACTION, action: 'up' },
    ],
    ['to: expected a whole number, 0 or more, found null', { ...ACTION, to: null }],
    [
      'result: expected applied or failed or undone, found "draining"',
      { ...ACTION, result: 'draining' },
    ],
  ];
  for (const [fault, line] of table) {
    test(fault, () => {
      const text = typeof line === 'string' ? line : JSON.stringify(line);
      assert.deepEqual(parseHistoryLine(text), { fault });
    });
  }

  test('a number beyond all numbers is none', () => {
    const line = JSON.stringify(SAMPLE).replace('9267.1', '1e999');
    assert.deepEqual(parseHistoryLine(line), {
      fault: 'uptime_s: expected seconds, 0 or more, found null',
    });
  });
});

describe('a line that is counted', () => {
  const sampleOf = (services: object) => ({ ...SAMPLE, services });
  const counted = (entry: object) => {
    const found = count(JSON.stringify(entry));
    assert.ok(!('fault' in found) && found.kind === 'sample');
    const { at, boot, uptime_s, services } = found;
    return { at, boot, uptime_s, holds: Object.values(services).flatMap(({ hold }) => hold ?? []) };
  };
  const { at, boot, uptime_s } = SAMPLE;
  const rows: [name: string, services: object, holds: string[]][] = [
    ['holds nothing back', { a: { workers: 3, hold: null }, b: { workers: 1 } }, []],
    [
      'holds back what it says',
      { a: { hold: 'memory' }, b: {}, c: { hold: 'duration' } },
      ['memory', 'duration'],
    ],
    [
      'is not misled by a text',
      { a: { errors: { cpu: '"hold":"memory"' }, hold: 'paused' } },
      ['paused'],
    ],
    ['has its measures unread', { a: { workers: '3', hold: 'memory' } }, ['memory']],
    ['may have no services', {}, []],
  ];
  for (const [name, services, holds] of rows) {
    test(name, () => assert.deepEqual(counted(sampleOf(services)), { at, boot, uptime_s, holds }));
  }

  test('comes out as it is where it is no sample as runs write them', () => {
    const { v, ...rest } = SAMPLE;
    const odd = { ...rest, v };
    for (const entry of [odd, ACTION]) {
      assert.deepEqual(count(JSON.stringify(entry)), entry);
    }
  });

  test('has the holds that it has as a whole, whatever its texts', () => {
    const text = fc.oneof(fc.string(), fc.constantFrom('"hold":"x"', '}}}', '\\', '"', 'é€𝄞'));
    const service = fc.record(
      {
        workers: fc.nat(),
        hold: fc.constantFrom('memory', 'paused', null),
        errors: fc.dictionary(text, text),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.dictionary(text, service), text, (services, boot) => {
        const line = JSON.stringify({ ...SAMPLE, boot, services });
        const [whole, found] = [parseHistoryLine(line), count(line)];
        assert.ok(!('fault' in whole) && !('fault' in found));
        assert.deepEqual(countHolds([found]), countHolds([whole]));
        const moment = [whole.at, whole.boot, whole.uptime_s];
        assert.deepEqual([found.at, found.boot, found.uptime_s], moment);
      }),
      { numRuns: 1000 },
    );
  });

  const table: [fault: string, line: string][] = [
    ['expected a JSON object, found {"v":1', '{"v":1'],
    ['at: expected a text, found 5', JSON.stringify({ ...SAMPLE, at: 5 })],
    ['services.a: expected an object, found null', JSON.stringify(sampleOf({ a: null }))],
    ['to: expected a whole number, 0 or more, found -1', JSON.stringify({ ...ACTION, to: -1 })],
  ];
  for (const [fault, line] of table) {
    test(fault, () => assert.deepEqual(count(line), { fault }));
  }
});

test('a torn line is a fault, wherever it is torn', () => {
  for (const entry of [SAMPLE, ACTION]) {
    const line = JSON.stringify(entry);
    for (let end = 0; end < line.length; end++) {
      assert.ok('fault' in parseHistoryLine(line.slice(0, end)));
      assert.ok('fault' in count(line.slice(0, end)));
    }
  }
});

test('any JSON is an entry or a fault, never an exception', () => {
  const anyLine = fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .record({ ...constants(SAMPLE), host: fc.jsonValue(), services: fc.jsonValue() })
      .map((e) => JSON.stringify(e)),
  );
  fc.assert(
    fc.property(
      anyLine,
      (line) => typeof parseHistoryLine(line) === 'object' && typeof count(line) === 'object',
    ),
    { numRuns: 1000 },
  );
});

function constants(object: object): Record<string, fc.Arbitrary<unknown>> {
  return Object.fromEntries(Object.entries(object).map(([key, v]) => [key, fc.constant(v)]));
}
