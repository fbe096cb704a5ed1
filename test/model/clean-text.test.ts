import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { cleanText } from '../../src/model/clean-text.ts';
import { cpuMsOf } from '../cpu-time.ts';

const ROWS: [name: string, text: string, clean: string][] = [
  ['plain text stays', 'ERR no such key "é漢😀"', 'ERR no such key "é漢😀"'],
  ['a colour', '\x1b[31mred\x1b[0m', 'red'],
  ['a colour by one character (C1)', '\x9b31mred', 'red'],
  ['the screen is not cleared, the cursor not moved', 'a\x1b[2J\x1b[Hb\x1bcc', 'abc'],
  ['a title that ends with BEL', 'a\x1b]0;title\x07b', 'ab'],
  ['a link that ends with ST', 'a\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\b', 'alinkb'],
  ['a device command and an application command', 'a\x1bPq#0\x1b\\b\x1b_x\x9cc', 'abc'],
  ['a title without an end hides nothing', 'a\x1b]0;title', 'a0;title'],
  ['a character set', 'a\x1b(0b', 'ab'],
  ['an escape in an escape does not join to a new one', '\x1b\x1b[31m[32mx', '[32mx'],
  ['a line break and a tab are one blank', 'a\r\nb\tc\u2028d\x85e', 'a b c d e'],
  ['NUL, BEL, backspace, DEL', 'a\0\x07\b\x7fb', 'ab'],
  ['directions of writing', '\u202egnp\u202c \u2066x\u2069 \u200f\u061c', 'gnp x '],
  ['what is invisible', 'a\u200b\u200d\ufeff\u00ad\u2060\u3164\u{e0041}b', 'ab'],
  ['half a character', 'a\ud83db\ude00', 'a\ufffdb\ufffd'],
  ['two halves do not join', '\udb40\u200b\udc41', '\ufffd\ufffd'],
];

describe('what is foreign is shown as one line of visible characters', () => {
  for (const [name, text, clean] of ROWS) {
    test(name, () => assert.equal(cleanText(text), clean));
  }

  test('exactly the limit stays whole, one more is cut', () => {
    assert.equal(cleanText('x'.repeat(200)), 'x'.repeat(200));
    assert.equal(cleanText('x'.repeat(201)), `${'x'.repeat(199)}…`);
    assert.equal(cleanText('abc', 2), 'a…');
  });

  test('a cut does not halve a character', () => {
    assert.equal(cleanText('ab😀cd', 4), 'ab…');
  });

  test('nothing unclean is left of any text, and nothing is added', () => {
    const units = fc.oneof(
      fc.constantFrom(
        '\x1b',
        '\x1b[',
        '\x1b]',
        '\x9b',
        '\x9d',
        '\x07',
        '\x1b\\',
        '\ud83d',
        '\ude00',
      ),
      fc.constantFrom('\n', '\u202e', '\u200b', '0', ';', 'm', 'x', '\udb40', '\udc41'),
      fc.string({ unit: 'binary', maxLength: 5 }),
    );
    fc.assert(
      fc.property(
        fc.array(units, { maxLength: 60 }),
        fc.integer({ min: 1, max: 80 }),
        (parts, max) => {
          const clean = cleanText(parts.join(''), max);
          assert.ok(clean.length <= max);
          assert.doesNotMatch(clean, /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u);
          assert.equal(cleanText(clean, max), clean);
        },
      ),
      { numRuns: 10_000 },
    );
  });

  const MB = 1024 * 1024;
  for (const unit of [
    'x',
    '\x1b',
    '\x1b[',
    '\x1b]',
    '\x9d',
    '\x1b[0;',
    '\x1b]0;x',
    '\x1b  ',
    '\u202e',
    '\n',
    '\0',
    '\ud83d',
  ]) {
    test(`5 MB of ${JSON.stringify(unit)} take no longer than their length asks for`, () => {
      const ms = cpuMsOf(() => {
        for (const text of [
          unit.repeat((5 * MB) / unit.length),
          unit + 'x'.repeat(5 * MB),
          unit + '0'.repeat(5 * MB),
        ]) {
          assert.ok(cleanText(text).length <= 200);
        }
      });
      assert.ok(ms < 5000, `${ms} ms`);
    });
  }
});
