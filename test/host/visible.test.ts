import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { cleanLine, cleanStrings } from '../../src/output/clean.ts';
import { renderTable } from '../../src/output/table.ts';
import { paint } from '../../src/output/terminal.ts';
import { ESC, makeVisible } from '../../src/host/visible.ts';
import { ALL_HOSTILE, CONTROLS, HOSTILE } from '../output/hostile-text.ts';
import { cpuMsOf } from '../cpu-time.ts';

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(...HOSTILE.map(([, text]) => text.slice(0, 100))),
);

describe('what leaves the process', () => {
  const rows: [name: string, text: string, visible: string][] = [
    ['lines, tabs and plain text stay', 'a\tb é → 漢 😀\n', 'a\tb é → 漢 😀\n'],
    ['the line ends of CSV stay', 'a\r\nb', 'a\r\nb'],
    ['an escape is seen', '\x1b[31mred', '\\u001b[31mred'],
    ['so is one of a single character', '\x9b2J\x7f', '\\u009b2J\\u007f'],
    ['a carriage return within a line', 'evil\rgood\n', 'evil\\u000dgood\n'],
    ['directions, and what has no width', '\u202ea\u200b', '\\u202ea\\u200b'],
    ['a character beyond 16 bits', 'a\u{e0041}', 'a\\udb40\\udc41'],
    ['a colour of our own is one', paint('red', 'no'), '\x1b[31mno\x1b[39m'],
    ['a text in it is no escape', paint('red', '\x1b[2J'), '\x1b[31m\\u001b[2J\x1b[39m'],
  ];
  for (const [name, text, visible] of rows) {
    test(name, () => assert.equal(makeVisible(text), visible));
  }

  test('holds no control but line ends and tabs, whatever it was made of', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        // half a character is none of UTF-8
        const written = Buffer.from(makeVisible(text)).toString();
        assert.doesNotMatch(written.replaceAll('\r\n', '\n'), CONTROLS);
      }),
      { numRuns: 5000 },
    );
  });

  test('a JSON document is the same document', () => {
    fc.assert(
      fc.property(fc.dictionary(anyText, anyText), (document) => {
        const json = makeVisible(JSON.stringify(document));
        assert.doesNotMatch(json, CONTROLS);
        assert.equal(JSON.stringify(JSON.parse(json)), JSON.stringify(document));
      }),
    );
  });

  test('what stands for an escape of ours is not to be guessed', () => {
    // a random UUID: 122 bits
    assert.match(ESC, /^\0[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\0$/);
  });
});

describe('a line', () => {
  test('is one line of at most 2000 characters without controls, its colours stay', () => {
    for (const [name, text] of HOSTILE) {
      const line = cleanLine(text);
      assert.doesNotMatch(line, CONTROLS, name);
      assert.ok(!line.includes('\n') && line.length <= 2000, name);
      assert.equal(makeVisible(cleanLine(paint('red', 'x\n'))), '\x1b[31mx \x1b[39m');
    }
  });

  test('so is each string of a document, and each key; the rest stays', () => {
    const document = { a: [{ 'k\x1b': 'v\n' }, null, 1, true], b: undefined };
    assert.deepEqual(cleanStrings(document), { a: [{ k: 'v ' }, null, 1, true], b: undefined });
  });
});

describe('a table', () => {
  test('has a line a row and no control, whatever its cells hold', () => {
    const rows = fc.array(fc.tuple(anyText, anyText, anyText), { maxLength: 5 });
    fc.assert(
      fc.property(rows, (cells) => {
        const table = makeVisible(renderTable(['A', 'B', 'C'], cells));
        assert.doesNotMatch(table.replaceAll('\n', ''), CONTROLS);
        assert.equal(table.split('\n').length, cells.length + 2);
      }),
      { numRuns: 2000 },
    );
  });

  test('a painted cell is as wide as its text', () => {
    const table = renderTable(
      ['A', 'B'],
      [
        [paint('red', 'x'), '1'],
        ['yyy', '2'],
      ],
    );
    assert.equal(makeVisible(table), 'A    B\n\x1b[31mx\x1b[39m    1\nyyy  2\n');
  });

  test('thousands of rows are no problem', () => {
    const rows = Array.from({ length: 200_000 }, () => ['a', 'b']);
    assert.equal(renderTable(['A', 'B'], rows).length, 5 * 200_001);
  });
});

test('5 MB are made visible in little time', () => {
  const ms = cpuMsOf(() => makeVisible(ALL_HOSTILE.repeat(1000)));
  assert.ok(ms < 5000, `${ms} ms`);
});
