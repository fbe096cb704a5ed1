import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';

/** Calls of a command that add to what is kept, and the one that makes it anew. */
const ADDING = 4;
const SETTLING = 12;

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
  /** Where it is kept: of a version of Node, of a program, of a command. */
  const keptOf = (command: string): string => {
    const root = join(folder, 'dist/cache');
    const [version = ''] = readdirSync(root);
    const [program = ''] = readdirSync(join(root, version));
    return join(root, version, program, command);
  };
  const main = (command: string): string => {
    const kept = keptOf(command);
    return join(kept, readdirSync(kept).find((name) => name.startsWith('main-')) ?? 'nothing');
  };
  const sizeOf = (command: string): number => statSync(main(command)).size;

  test('is kept for each command, made anew once by a call like all later ones, and then stays', () => {
    call('--version');
    for (let i = 0; i < ADDING; i++) call('--help');
    const first = sizeOf('--help');
    assert.ok(first > sizeOf('--version'), 'another command needs other functions');
    const { ino } = statSync(main('--help'));
    call('--help');
    assert.equal(statSync(main('--help')).ino, ino, 'nothing is added any more');
    for (let i = ADDING + 1; i < SETTLING - 1; i++) call('--help');
    assert.deepEqual(readdirSync(keptOf('--help')), ['calls']);
    call('--help');
    const settled = statSync(main('--help'));
    assert.ok(settled.size <= first, `${first} bytes at first, then ${settled.size}`);
    call('--help');
    assert.equal(statSync(main('--help')).ino, settled.ino);
    assert.equal(readFileSync(join(keptOf('--help'), 'calls'), 'utf8'), String(SETTLING));
    assert.equal(readFileSync(join(keptOf('--version'), 'calls'), 'utf8'), '1');
  });

  test('is little for the general help, which needs no command line to be built', () => {
    const filesOf = (...args: string[]) => {
      call(...args);
      return readdirSync(keptOf(args[0]!)).map((name) => name.replace(/-.*/, ''));
    };
    assert.ok(!filesOf('--help').includes('cli'));
    assert.ok(filesOf('--no-color', '--help').includes('cli'));
  });

  test('is not kept for what is no command', () => {
    assert.throws(() => call('stauts'));
    assert.ok(!existsSync(keptOf('stauts')));
  });

  test('of another program is removed', () => {
    const root = join(folder, 'dist/cache');
    const [version = ''] = readdirSync(root);
    const [program = ''] = readdirSync(join(root, version));
    renameSync(join(root, version, program), join(root, version, 'main-before'));
    call('--version');
    assert.deepEqual(readdirSync(join(root, version)), [program]);
  });

  test('is made anew where it cannot be used', () => {
    const help = call('--help');
    writeFileSync(main('--help'), 'damaged');
    assert.equal(call('--help'), help);
    assert.ok(sizeOf('--help') > 1000);
  });
});
