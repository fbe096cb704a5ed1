import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { paint } from '../../src/output/terminal.ts';
import { wrapLines } from '../../src/output/wrap.ts';

describe('long lines on a terminal', () => {
  const CASES: [title: string, text: string, expected: string][] = [
    ['one that fits stays', 'as it is  here', 'as it is  here'],
    ['break between words', 'one two three four five', 'one two three four\n  five'],
    [
      'go on below the last cell of a table',
      'shop  2  cpu is high now',
      'shop  2  cpu is high\n         now',
    ],
    [
      'colours take no room',
      paint('red', 'one two three four'),
      paint('red', 'one two three four'),
    ],
    [
      'a word that is too long stays whole',
      'see /a/very/long/path/to/it',
      'see\n  /a/very/long/path/to/it',
    ],
    ['each line for itself', 'a\n\nb\n', 'a\n\nb\n'],
  ];
  for (const [title, text, expected] of CASES) {
    test(title, () => assert.equal(wrapLines(text, 20), expected));
  }

  test('nothing is lost', () => {
    const words = fc.array(fc.stringMatching(/^[a-z%>]{1,12}$/), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(words, fc.integer({ min: 20, max: 100 }), (given, columns) => {
        const wrapped = wrapLines(given.join(' '), columns);
        assert.deepEqual(wrapped.split(/\s+/), given);
        assert.ok(wrapped.split('\n').every((line) => line.length <= columns));
      }),
    );
  });
  test('without a terminal nothing is broken', () => {
    assert.equal(wrapLines('a '.repeat(500), Infinity), 'a '.repeat(500));
  });
});
