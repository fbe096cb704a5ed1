import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  cpSync,
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

/** Calls of a command after which nothing more is kept. */
const ENOUGH = 4;

describe('what V8 compiled of the built program', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'autoscaler-boot-'));
    cpSync(resolve(import.meta.dirname, '../dist'), join(folder, 'dist'), {
      recursive: true,
      filter: (path) => !/\/dist\/(?:cache|share)$/.test(path),
    });
  });
  after(() => rmSync(folder, { recursive: true }));

  const call = (...args: string[]): string =>
    execFileSync(process.execPath, [join(folder, 'dist/main.js'), ...args], { encoding: 'utf8' });
  const cache = (): string => {
    const [version = ''] = readdirSync(join(folder, 'dist/cache'));
    return join(folder, 'dist/cache', version);
  };
  const main = (): string =>
    join(cache(), readdirSync(cache()).find((name) => name.startsWith('main-')) ?? '');

  test('is kept, and added to in the first calls of each command only', () => {
    call('--version');
    const first = statSync(main()).size;
    for (let i = 0; i < ENOUGH; i++) call('--help');
    const { size, ino } = statSync(main());
    assert.ok(size > first, `${first} bytes at first, then ${size}`);
    call('--help');
    assert.equal(statSync(main()).ino, ino);
    const uses = JSON.parse(readFileSync(join(cache(), 'uses.json'), 'utf8')) as unknown;
    assert.deepEqual(uses, { '--version': 1, '--help': ENOUGH });
  });

  test('is made anew where it cannot be used', () => {
    const help = call('--help');
    writeFileSync(main(), 'damaged');
    assert.equal(call('--help'), help);
    assert.ok(statSync(main()).size > 1000);
  });
});
