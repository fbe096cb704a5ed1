import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  listNames,
  readHead,
  readLinesOf,
  readWhole,
  tryReadWhole,
} from '../../src/host/kernel-files.ts';

const KB = 1024;

describe('files of the kernel are read up to a limit', () => {
  let folder = '';
  const path = (name: string): string => join(folder, name);
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'kernel-files-'));
    writeFileSync(path('4 MB'), 'x'.repeat(4096 * KB));
    writeFileSync(path('100 KB'), 'é'.repeat(50 * KB));
    writeFileSync(path('lines'), Array.from({ length: 50_000 }, (_, at) => `${at}\n`).join(''));
    mkdirSync(path('names'));
    for (let at = 0; at < 20; at++) writeFileSync(path(`names/${at}`), '');
  });
  after(() => rmSync(folder, { recursive: true }));

  test('the beginning, and whether there is more', () => {
    const large = readHead(path('4 MB'), 64 * KB);
    assert.deepEqual([large.text.length, large.isCut], [64 * KB, true]);
    const whole = readHead(path('100 KB'), 100 * KB);
    assert.deepEqual([whole.text, whole.isCut], ['é'.repeat(50 * KB), false]);
    assert.equal(readHead(path('100 KB'), 100 * KB - 1).isCut, true);
    assert.deepEqual(readHead('/proc/self/stat', 4096).isCut, false);
  });

  test('what must be read whole and is larger is an error with a code', () => {
    assert.throws(() => readWhole(path('4 MB'), 64 * KB), { code: 'EFBIG' });
    assert.equal(tryReadWhole(path('4 MB'), 64 * KB), null);
    assert.equal(tryReadWhole(path('none'), 64 * KB), null);
    assert.throws(() => readWhole(path('none'), 64 * KB), { code: 'ENOENT' });
    assert.equal(readWhole(path('100 KB'), 100 * KB).length, 50 * KB);
  });

  test('a table comes in pieces of whole lines', () => {
    const pieces = [...readLinesOf(path('lines'), 1024 * KB)];
    assert.ok(pieces.length > 3);
    for (const piece of pieces) assert.ok(piece.endsWith('\n') && piece.length <= 64 * KB + 1);
    const lines = pieces.join('').split('\n');
    assert.deepEqual([lines.length, lines[49_999]], [50_001, '49999']);
    assert.throws(() => [...readLinesOf(path('lines'), 100 * KB)], { code: 'EFBIG' });
  });

  test('a line without an end is cut', () => {
    const pieces = [...readLinesOf(path('4 MB'), 4096 * KB)];
    assert.ok(pieces.every(({ length }) => length <= 64 * KB + 1));
    assert.equal(pieces.join('').length, 4096 * KB);
  });

  test('names in a folder', () => {
    assert.equal(listNames(path('names'), 20).length, 20);
    assert.throws(() => listNames(path('names'), 19), { code: 'EFBIG' });
    assert.throws(() => listNames(path('none'), 19), { code: 'ENOENT' });
  });
});
