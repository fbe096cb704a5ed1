import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { durationArgument, sinceArgument } from '../../../src/commands/shared/duration-argument.ts';

const MINUTE = 60_000;

describe('a duration', () => {
  const rows: [text: string, minutes: number][] = [
    ['30m', 30],
    ['2h', 120],
    ['7d', 10_080],
    ['1.5 hours', 90],
    [' 90s ', 1.5],
  ];
  for (const [text, minutes] of rows) {
    test(`${text} is ${minutes} minutes`, () =>
      assert.equal(durationArgument(text), minutes * MINUTE));
  }
  for (const text of ['', '5', '-5m', '0m', 'h', '2 fortnights', '1e9d', '2h30', '999999y']) {
    test(`${JSON.stringify(text)} is none`, () =>
      assert.throws(() => durationArgument(text), /such as 30m, 2h or 7d/));
  }
});

describe('a moment in the past', () => {
  test('a duration is counted back from now', () => {
    const early = Date.now() - 24 * 60 * MINUTE;
    const at = sinceArgument('24h');
    assert.ok(at >= early && at <= early + 10_000);
  });
  const rows: [text: string, at: number][] = [
    ['2020-03-01', new Date(2020, 2, 1).getTime()],
    ['2020-03-01T04:05', new Date(2020, 2, 1, 4, 5).getTime()],
    ['2020-03-01 04:05:06', new Date(2020, 2, 1, 4, 5, 6).getTime()],
    ['2020-03-01T04:05Z', Date.UTC(2020, 2, 1, 4, 5)],
    ['2020-03-01T04:05+02:00', Date.UTC(2020, 2, 1, 2, 5)],
  ];
  for (const [text, at] of rows) test(text, () => assert.equal(sinceArgument(text), at));
  for (const text of ['yesterday', '2026', '2020-02-30', '2020-13-01', '2020-01-01T25:00', '24']) {
    test(`${text} is none`, () => assert.throws(() => sinceArgument(text), /or a date such as/));
  }
  test('the future is none', () => assert.throws(() => sinceArgument('2999-01-01'), /in the past/));
});
