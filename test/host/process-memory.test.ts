import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { readMemoryAhead, readMemoryFiles } from '../../src/host/process-memory.ts';

const LIMITS = { maxBytes: 4096, allBytes: 64 * 1024 };
/** A pipe that nobody writes to is not answered either. */
const SILENT = { error: /no answer/, isTooMuch: false };

describe('files of the memory of processes, by a program that can be killed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'memory-'));
  after(() => rmSync(folder, { recursive: true }));
  const write = (name: string, text: string | Buffer): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const makePipe = (name: string): string => {
    const path = join(folder, name);
    execFileSync('mkfifo', [path]);
    return path;
  };

  test('each is what it is, to the byte: empty, missing, cut, or like what stands between them', () => {
    const environ = 'PATH=/usr/sbin:/usr/bin:/sbin:/bin\0LC_ALL=C\0AUTOSCALER_KEY=\0';
    const rows: [text: string, isCut: boolean][] = [
      ['gunicorn\0--workers\0two\0', false],
      ['', false],
      [environ.repeat(3), false],
      ['x'.repeat(4096), false],
      ['ä'.repeat(2049), true],
      ['==> /proc/1/cmdline <==\n', false],
    ];
    const paths = rows.map(([text], index) => write(`file${index}`, text));
    const read = readMemoryFiles([...paths, join(folder, 'missing')], LIMITS);
    assert.deepEqual(read, [
      ...rows.map(([text, isCut]) => ({ text: isCut ? 'ä'.repeat(2048) : text, isCut })),
      { text: '', isCut: false },
    ]);
    assert.deepEqual(readMemoryFiles([], LIMITS), []);
  });

  test('what was read ahead is taken once, whoever asks for a part of it', () => {
    const [one, two] = [write('one', 'first'), write('two', 'second')];
    const read = (paths: string[]) => {
      const heads = readMemoryFiles(paths, LIMITS);
      return 'error' in heads ? heads.error : heads.map(({ text }) => text);
    };
    readMemoryAhead([one, two], LIMITS);
    write('one', 'changed');
    assert.deepEqual(read([one]), ['first']);
    assert.deepEqual(read([one]), ['changed']);
    assert.deepEqual(read([two]), ['second']);
  });

  test('where one of them does not answer, or all are too long together, each is read by itself', () => {
    const file = write('readable', 'text');
    readMemoryAhead([file, makePipe('silent')], { ...LIMITS, limitMs: 300 });
    assert.deepEqual(readMemoryFiles([file], LIMITS), [{ text: 'text', isCut: false }]);
    readMemoryAhead(Array<string>(20).fill(write('large', 'x'.repeat(4096))), LIMITS);
    assert.deepEqual(readMemoryFiles([file], LIMITS), [{ text: 'text', isCut: false }]);
  });

  test('more than all of them may have is not read', () => {
    const big = write('big', Buffer.alloc(4096, 'x'));
    const read = readMemoryFiles(Array<string>(20).fill(big), LIMITS);
    assert.ok('error' in read && read.isTooMuch);
  });

  test('one that does not answer costs a second, and nothing for a while after that; all of them together some', () => {
    const first = makePipe('pipe');
    const msOf = (path: string): number => {
      const startMs = performance.now();
      const read = readMemoryFiles(
        [write(`beside ${path.slice(folder.length + 1)}`, ''), path],
        LIMITS,
      );
      assert.ok('error' in read);
      assert.match(read.error, SILENT.error);
      return performance.now() - startMs;
    };
    const firstMs = msOf(first);
    assert.ok(firstMs >= 1000 && firstMs < 2500, `${firstMs} ms`);
    assert.ok(msOf(first) < 50);
    for (const name of ['second', 'third', 'fourth']) msOf(makePipe(name));
    const laterMs = msOf(makePipe('later'));
    assert.ok(laterMs >= 300 && laterMs < 900, `${laterMs} ms`);
    assert.deepEqual(readMemoryFiles([write('other', 'is read')], LIMITS), [
      { text: 'is read', isCut: false },
    ]);
  });
});
