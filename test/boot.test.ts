import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readCompiled, writeCompiled } from '../src/compiled.ts';

/** Calls that add to what is kept of a part. */
const ADDING_CALLS = 10;

describe('what V8 compiled of the built program', () => {
  let folder: string;
  let root: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'autoscaler-boot-'));
    root = join(folder, 'dist/cache');
    cpSync(resolve(import.meta.dirname, '../dist'), join(folder, 'dist'), {
      recursive: true,
      filter: (path) => !/\/dist\/(?:cache|share)$/.test(path),
    });
  });
  after(() => rmSync(folder, { recursive: true }));

  const call = (...args: string[]): string =>
    execFileSync(process.execPath, [join(folder, 'dist/main.js'), ...args], { encoding: 'utf8' });
  /** The files of all parts that are kept. */
  const kept = (): string[] => {
    const [program = ''] = readdirSync(root);
    return readdirSync(join(root, program)).map((name) => join(root, program, name));
  };
  const isWhole = (path: string): boolean => readCompiled(path) !== null;

  test('is added to by the first calls that use a part, and then stays', () => {
    call('--version');
    const [part = ''] = kept();
    const { data } = readCompiled(part)!;
    writeCompiled(part, { data, calls: ADDING_CALLS - 1 });
    call('--version');
    assert.equal(readCompiled(part)?.calls, ADDING_CALLS);
    const { ino } = statSync(part);
    call('--version');
    assert.equal(statSync(part).ino, ino);
  });

  test('is not kept of a call that failed', () => {
    rmSync(root, { recursive: true });
    assert.throws(() => call('stauts'));
    assert.ok(!existsSync(root));
  });

  test('of another program, and of another way to keep it, is removed', () => {
    mkdirSync(join(root, 'main-before-v20.0.0-x64'), { recursive: true });
    mkdirSync(join(root, 'v20.0.0-x64/main-before/run'), { recursive: true });
    call('--version');
    assert.equal(readdirSync(root).length, 1);
  });

  const damages: Record<string, (bytes: Buffer) => Buffer> = {
    'a file that is empty': () => Buffer.alloc(0),
    'a file that is cut short': (bytes) => bytes.subarray(0, bytes.length / 2),
    'zeros from the first block on': (bytes) => Buffer.alloc(bytes.length),
    'zeros behind the first block': (bytes) =>
      Buffer.concat([bytes.subarray(0, 1024), Buffer.alloc(bytes.length - 1024)]),
    'a damaged head': (bytes) => Buffer.concat([Buffer.from('damaged!'), bytes.subarray(8)]),
    'a damaged head of V8': (bytes) => flip(bytes, 12),
    'one byte of the end': (bytes) => flip(bytes, bytes.length - 1),
    'one byte of the middle': (bytes) => flip(bytes, bytes.length >> 1),
  };
  for (const [name, damage] of Object.entries(damages)) {
    test(`${name}: it is recompiled, and the next call has it again`, () => {
      const version = call('--version');
      for (const path of kept()) writeFileSync(path, damage(readFileSync(path)));
      assert.deepEqual(kept().filter(isWhole), []);
      assert.equal(call('--version'), version);
      assert.deepEqual(kept().filter(isWhole), kept());
    });
  }

  test('of another version of V8, with a checksum that is right, is recompiled and replaced', () => {
    call('--version');
    const before = kept().map((path) => {
      const { data } = readCompiled(path)!;
      // behind V8's magic number stands its version
      writeCompiled(path, { data: flip(data, 4), calls: ADDING_CALLS });
      return statSync(path).ino;
    });
    call('--version');
    assert.ok(kept().every((path, index) => statSync(path).ino !== before[index]));
    assert.deepEqual([...new Set(kept().map((path) => readCompiled(path)?.calls))], [1]);
  });

  test('is not taken with any one byte changed, wherever it is', () => {
    call('--version');
    const largest = kept().sort((a, b) => statSync(b).size - statSync(a).size)[0] ?? '';
    const bytes = readFileSync(largest);
    const path = join(folder, 'flipped');
    // a stride that meets no byte twice and all regions
    for (let i = 0; i < 500; i++) {
      writeFileSync(path, flip(bytes, (i * 7919) % bytes.length, 1 + (i % 255)));
      assert.equal(readCompiled(path), null, `byte ${(i * 7919) % bytes.length}`);
    }
  });

  test('is not taken where there is no file, or a folder', () => {
    assert.equal(readCompiled(join(folder, 'none')), null);
    assert.equal(readCompiled(folder), null);
  });
});

function flip(bytes: Buffer, at: number, bits = 0xff): Buffer {
  const changed = Buffer.from(bytes);
  changed[at]! ^= bits;
  return changed;
}
