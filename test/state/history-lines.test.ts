import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { measureError } from '../../src/model/measure-error.ts';
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

const NO_ERRORS =
  'expected texts, or objects with "code" and "text", by key, or null, found {"a":1}';
const wrongValue = (text: string) => measureError('wrong_value', text);

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

describe('why a value of a sample is null', () => {
  const table: [name: string, recorded: unknown, read: object][] = [
    [
      'a code and a text come out as they went in',
      measureError('bug', 'x'),
      { code: 'bug', text: 'x' },
    ],
    ['a text alone, as it was recorded before', 'no /proc', { code: 'unknown', text: 'no /proc' }],
    [
      'whatever it says: no code is found in a sentence',
      'it is counted from this sample on',
      { code: 'unknown', text: 'it is counted from this sample on' },
    ],
    ['a code of another version', { code: 'eclipse', text: 'x' }, { code: 'unknown', text: 'x' }],
    ['a code that objects have', { code: 'toString', text: 'x' }, { code: 'unknown', text: 'x' }],
    ['keys besides are dropped', { code: 'bug', text: 'x', at: 5 }, { code: 'bug', text: 'x' }],
  ];
  for (const [name, recorded, error] of table) {
    test(name, () => {
      const faults: string[] = [];
      const errors = { cpu_percent: recorded };
      const host = { cpu_percent: null, memory_available_mb: 5 };
      const services = { a: { workers: null, errors } };
      const line = JSON.stringify({ ...SAMPLE, host: { ...host, errors }, services });
      const read = { host: { ...host, errors: { cpu_percent: error } } };
      const entry = parseHistoryLine(line, (each) => faults.push(each));
      assert.deepEqual(
        [entry, faults],
        [
          {
            ...SAMPLE,
            ...read,
            services: { a: { workers: null, errors: { cpu_percent: error } } },
          },
          [],
        ],
      );
      // recorded again, it stays what it is
      assert.deepEqual(parse(entry), entry);
    });
  }
  for (const wrong of [
    5,
    null,
    [],
    {},
    { code: 'bug' },
    { code: 5, text: 'x' },
    { code: 'bug', text: null },
  ]) {
    test(`${JSON.stringify(wrong)} is none`, () => {
      const line = JSON.stringify({ ...SAMPLE, host: { errors: { cpu_percent: wrong } } });
      const entry = parseHistoryLine(line);
      assert.ok(!('fault' in entry) && entry.kind === 'sample');
      assert.deepEqual(Object.keys(entry.host.errors ?? {}), ['errors']);
    });
  }
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
    ['service: expected a text, found nothing', { ...ACTION, service: undefined }],
    [
      'action: expected scale_up or scale_down or rollback or heal or renew, found "up"',
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
      fault: 'uptime_s: expected seconds, 0 or more, found Infinity',
    });
  });
});

describe('a wrong value of a sample is unknown, said with its place, and the rest counts', () => {
  const { host, services } = SAMPLE;
  const shop = services['shop.service'];
  const nothing = { cpu_percent: null, memory_available_mb: null };
  const rows: [fault: string, wrong: object, read: object][] = [
    ['span_s: expected seconds, 0 or more, or null, found "2"', { span_s: '2' }, { span_s: null }],
    ['host: expected an object, or null, found 1', { host: 1 }, { host: nothing }],
    ['services: expected an object, or null, found []', { services: [] }, { services: {} }],
    ['brakes: expected an object, or null, found []', { brakes: [] }, {}],
    ['brakes.a: expected an object, found 1', { brakes: { a: 1 } }, { brakes: { a: {} } }],
    [
      'brakes.a.failures: expected a whole number, 0 or more, or null, found "2"',
      { brakes: { a: { failures: '2', changed_s: 5 } } },
      { brakes: { a: { changed_s: 5 } } },
    ],
    [
      'host.cpu_percent: expected percent, 0 to 100, or null, found "71"',
      { host: { ...host, cpu_percent: '71' } },
      {
        host: {
          ...{ ...host, cpu_percent: null },
          errors: { cpu_percent: wrongValue('expected percent, 0 to 100, or null, found "71"') },
        },
      },
    ],
    [
      'host.cpu_ticks: expected counters, or null, found {"total":-1}',
      { host: { ...host, cpu_ticks: { total: -1 } } },
      {
        host: {
          ...{ ...host, cpu_ticks: null },
          errors: { cpu_ticks: wrongValue('expected counters, or null, found {"total":-1}') },
        },
      },
    ],
    [
      `host.errors: ${NO_ERRORS}`,
      { host: { ...host, errors: { a: 1 } } },
      { host: { ...host, errors: { errors: wrongValue(NO_ERRORS) } } },
    ],
    [
      'services.a: expected an object, found 3',
      { services: { a: 3 } },
      { services: { a: { workers: null } } },
    ],
    [
      'services.b.queue_length: expected a whole number, 0 or more, or null, found -5',
      {
        services: { a: shop, b: { ...shop, queue_length: -5, errors: { unacked: 'x' } }, c: shop },
      },
      {
        services: {
          a: shop,
          b: {
            ...{ ...shop, queue_length: null },
            errors: {
              unacked: { code: 'unknown', text: 'x' },
              queue_length: wrongValue('expected a whole number, 0 or more, or null, found -5'),
            },
          },
          c: shop,
        },
      },
    ],
  ];
  for (const [fault, wrong, read] of rows) {
    test(fault, () => {
      const faults: string[] = [];
      const line = JSON.stringify({ ...SAMPLE, ...wrong });
      const entry = parseHistoryLine(line, (each) => faults.push(each));
      assert.deepEqual([faults, entry], [[fault], { ...SAMPLE, ...read }]);
    });
  }

  const VALUES = ['-5', '1.5', '1e999', '4e26', '9007199254740993', '"7"', '[]', '{}', 'true'];
  for (const value of VALUES) {
    test(`${value} is no number of tasks`, () => {
      const text = JSON.stringify({ ...SAMPLE, services: { a: { workers: 1 }, b: shop } });
      const entry = parseHistoryLine(text.replace('"queue_length":17', `"queue_length":${value}`));
      assert.ok(!('fault' in entry) && entry.kind === 'sample');
      const { a, b } = entry.services;
      assert.deepEqual([a, b?.queue_length, b?.workers], [{ workers: 1 }, null, 3]);
    });
  }

  test('a name and a value that a terminal would obey are told without that', () => {
    const faults: string[] = [];
    const wrong = { ...SAMPLE, services: { '\x1b[31ma\x07': { workers: '\x9b2J\u202e' } } };
    parseHistoryLine(JSON.stringify(wrong), (fault) => faults.push(fault));
    const expected = 'a whole number, 0 or more, or null';
    assert.deepEqual(faults, [`services.a.workers: expected ${expected}, found ""`]);
  });

  test('what is read has nothing wrong any more, whatever the line holds', () => {
    const value = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(-5, 1.5, 1e300, 101, 7));
    const key = fc.constantFrom(
      ...['cpu_percent', 'cpu_ticks', 'pressure_us', 'errors', 'notes', 'queue_length', 'workers'],
      ...['hold', 'failures', 'failed_change', 'constructor', '__proto__', 'busy_percent'],
    );
    const part = fc.dictionary(key, value);
    const parts = fc.oneof(value, fc.dictionary(fc.string(), fc.oneof(value, part)));
    fc.assert(
      fc.property(fc.oneof(value, part), parts, parts, value, (own, all, brakes, span) => {
        const { v, kind, at, boot, uptime_s } = SAMPLE;
        const entry = {
          v,
          kind,
          at,
          boot,
          uptime_s,
          span_s: span,
          host: own,
          services: all,
          brakes,
        };
        const read = parseHistoryLine(JSON.stringify(entry));
        assert.ok(!('fault' in read));
        const again: string[] = [];
        assert.deepEqual(
          parseHistoryLine(JSON.stringify(read), (fault) => again.push(fault)),
          JSON.parse(JSON.stringify(read)),
        );
        assert.deepEqual(again, []);
      }),
      { numRuns: 5000 },
    );
  });
});

test('a torn line is a fault, wherever it is torn', () => {
  for (const entry of [SAMPLE, ACTION]) {
    const line = JSON.stringify(entry);
    for (let end = 0; end < line.length; end++) {
      assert.ok('fault' in parseHistoryLine(line.slice(0, end)));
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
    fc.property(anyLine, (line) => typeof parseHistoryLine(line) === 'object'),
    { numRuns: 1000 },
  );
});

function constants(object: object): Record<string, fc.Arbitrary<unknown>> {
  return Object.fromEntries(Object.entries(object).map(([key, v]) => [key, fc.constant(v)]));
}
