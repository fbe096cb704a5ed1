import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { decodeText, encodeText } from '../../../src/host/files/text.ts';
import { cpuMsOf } from '../../cpu-time.ts';

describe('a file as text', () => {
  test('UTF-8 is what it is', () => {
    for (const text of ['', '\uFEFF[Service]\n', 'grüße 🍏\0', 'a\r\n'])
      assert.equal(decodeText(Buffer.from(text)), text);
  });

  test('a byte that is none stands for itself, and what is around it is read', () => {
    const bytes = Buffer.concat([
      Buffer.from('# grü'),
      Buffer.of(0xfc, 0xdf),
      Buffer.from('e🍏\n'),
    ]);
    assert.equal(decodeText(bytes), '# grü\uDCFC\uDCDFe🍏\n');
  });

  test('all bytes come back as they were', () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
      fc.string({ unit: 'grapheme', maxLength: 8 }).map((text) => Buffer.from(text)),
      // halves of a pair, too long a form, an end in the middle
      fc
        .constantFrom([0xed, 0xb3, 0xbc], [0xc0, 0xaf], [0xf0, 0x9f], [0xf4, 0x90, 0x80, 0x80])
        .map((bytes) => Buffer.from(bytes)),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const bytes = Buffer.concat(pieces);
        assert.ok(encodeText(decodeText(bytes)).equals(bytes));
      }),
      { numRuns: 2000 },
    );
  });

  test('1 MB of it takes a moment', () => {
    const bytes = Buffer.alloc(2 ** 20, Buffer.of(0xfc, 0x41, 0xe2, 0x82));
    const ms = cpuMsOf(() => assert.ok(encodeText(decodeText(bytes)).equals(bytes)));
    assert.ok(ms < 10_000, `${ms} ms`);
  });
});
