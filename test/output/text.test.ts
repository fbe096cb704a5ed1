import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import stringWidth from 'string-width';
import { fitText, textWidth } from '../../src/output/text.ts';

describe('the width of a text', () => {
  test('of each single character is what string-width says', () => {
    const wrong: string[] = [];
    for (let code = 0x20; code < 0x3100; code++) {
      const char = String.fromCharCode(code);
      if (textWidth(char) !== stringWidth(char)) wrong.push(code.toString(16));
    }
    assert.deepEqual(wrong, []);
  });
  const cases: [text: string, width: number][] = [
    ['2–10 workers · cpu ██░░ …', 25],
    ['シ', 2],
    ['e\u0301te', 3],
    ['👩‍👩‍👧', 2],
  ];
  for (const [text, width] of cases) test(text, () => assert.equal(textWidth(text), width));
});

describe('a text that is fitted', () => {
  const cases: [what: string, text: string, columns: number, fitted: string][] = [
    ['is whole where it fits', 'steady', 6, 'steady'],
    ['ends with … where it is cut', 'steady', 5, 'stea…'],
    ['has no blank before the …', 'two words', 5, 'two…'],
    ['is nothing where there is no room', 'steady', 0, ''],
    ['never shows half of a wide character', '日本語', 4, '日…'],
    ['of our own signs is cut in the same way', '██████░░', 4, '███…'],
  ];
  for (const [what, text, columns, fitted] of cases) {
    test(what, () => assert.equal(fitText(text, columns), fitted));
  }
});
