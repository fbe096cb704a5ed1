import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { readLinesBackwards } from '../../src/state/read-backwards.ts';

const BLOCK = 64 * 1024;

describe('the lines of a file, from its end', () => {
  let dir: string;
  before(() => (dir = mkdtempSync(join(tmpdir(), 'autoscaler-lines-'))));
  after(() => rmSync(dir, { recursive: true }));

  /** At most `most` lines of a file with this text. */
  const read = (text: string, most = Infinity) => {
    const path = join(dir, 'lines');
    writeFileSync(path, text);
    const fd = openSync(path, 'r');
    const lines: { text: string; offset: number; complete: boolean }[] = [];
    readLinesBackwards(fd, (bytes, offset, complete) => {
      // the bytes are theirs only now
      lines.push({ text: bytes.toString(), offset, complete });
      return lines.length < most;
    });
    closeSync(fd);
    return lines;
  };
  const textsOf = (text: string) => read(text).map((line) => line.text);

  test('are those of the file, of any length, with and without an end', () => {
    const length = fc.oneof(
      fc.integer({ min: 0, max: 300 }),
      fc.integer({ min: BLOCK - 2, max: BLOCK + 2 }),
      fc.integer({ min: 0, max: 5 * BLOCK }),
    );
    fc.assert(
      fc.property(fc.array(length, { maxLength: 12 }), fc.boolean(), (lengths, isTorn) => {
        const lines = lengths.map((each, index) => String.fromCharCode(97 + index).repeat(each));
        const text = lines.map((line) => `${line}\n`).join('') + (isTorn ? 'torn' : '');
        const found = read(text);
        const wanted = [...lines, ...(isTorn ? ['torn'] : [])].filter((line) => line !== '');
        assert.deepEqual(
          found.map((line) => line.text),
          wanted.toReversed(),
        );
        for (const { text: line, offset, complete } of found) {
          assert.equal(text.slice(offset, offset + line.length), line);
          assert.equal(complete, line !== 'torn');
        }
      }),
      { numRuns: 60 },
    );
  });

  test('end where no more are wanted', () => {
    const found = read('a\nb\nc\n', 2);
    assert.deepEqual(
      found.map(({ text }) => text),
      ['c', 'b'],
    );
  });

  test('end before one that has no end in sight', () => {
    const text = `before\n${'x'.repeat(2 * 1024 * 1024)}\nlast\n`;
    assert.deepEqual(textsOf(text), ['last', '']);
    assert.equal(read(text)[1]?.complete, false);
  });

  test('are none of an empty file', () => assert.deepEqual(textsOf(''), []));
});
