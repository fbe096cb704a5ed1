import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseTimespan, readTimerInterval } from '../../../src/targets/systemd/timespan.ts';

describe('a time span of systemd', () => {
  const CASES: [text: string, ms: number | null][] = [
    ['0', 0],
    ['2min', 120_000],
    ['1h 30min', 5_400_000],
    ['1min 30.5s', 90_500],
    ['500ms', 500],
    ['12us', 0.012],
    ['1w 2d', 777_600_000],
    ['1month', 2_629_800_000],
    ['1y', 31_557_600_000],
    ['infinity', null],
    ['', null],
    ['5', null],
    ['5parsec', null],
    ['1h, 2min', null],
    ['1h  2min', null],
    ['-1s', null],
  ];
  for (const [text, ms] of CASES) {
    test(`${JSON.stringify(text)} is ${ms}`, () => assert.equal(parseTimespan(text), ms));
  }

  test('its parts are added up', () => {
    const part = fc.tuple(fc.integer({ min: 1, max: 59 }), fc.constantFrom('h', 'min', 's', 'ms'));
    const MS = { h: 3_600_000, min: 60_000, s: 1000, ms: 1 };
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
        const text = parts.map(([count, unit]) => `${count}${unit}`).join(' ');
        assert.equal(
          parseTimespan(text),
          parts.reduce((sum, [count, unit]) => sum + count * MS[unit], 0),
        );
      }),
    );
  });

  test('the interval of a timer is read from its property', () => {
    const property =
      '{ OnActiveUSec=10s ; next_elapse=0 }\n{ OnUnitActiveUSec=2min ; next_elapse=1h }';
    assert.equal(readTimerInterval(property), 120);
    const added = `${property}\n{ OnUnitActiveUSec=30s ; next_elapse=1h }`;
    assert.equal(readTimerInterval(added), 30);
    assert.equal(readTimerInterval('{ OnBootUSec=2min ; next_elapse=1h }'), null);
  });
});
