import { after, beforeEach, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Foreign } from '../../../src/host/files/folders.ts';
import { openLogFile, replaceOutput } from '../../../src/host/files/output.ts';

const ALICE = 1000;
const root = mkdtempSync(join(tmpdir(), 'autoscaler-output-'));
after(() => rmSync(root, { recursive: true, force: true }));

let place = '';
/** A folder of hers, and one of root's beside it. */
beforeEach(() => {
  place = mkdtempSync(join(root, 'case-'));
  mkdirSync(join(place, 'hers'));
  mkdirSync(join(place, 'etc'));
  writeFileSync(join(place, 'etc/passwd'), 'root\n');
  chownSync(join(place, 'hers'), ALICE, ALICE);
});

const at = (name: string): string => join(place, name);

function hersToo(...names: string[]): void {
  for (const name of names) lchownSync(at(name), ALICE, ALICE);
}

function append(path: string): void {
  const fd = openLogFile(path);
  writeSync(fd, 'line\n');
  closeSync(fd);
}

function assertUntouched(): void {
  assert.deepEqual(readdirSync(at('etc')), ['passwd']);
  assert.equal(readFileSync(at('etc/passwd'), 'utf8'), 'root\n');
}

describe('a log file', () => {
  test('is made with its folders, for its owner and group alone, and appended to', () => {
    append(at('log/a/autoscaler.log'));
    append(at('log/a/autoscaler.log'));
    assert.equal(readFileSync(at('log/a/autoscaler.log'), 'utf8'), 'line\nline\n');
    assert.equal(statSync(at('log/a/autoscaler.log')).mode & 0o137, 0);
  });

  test("in a folder of hers it may be: a plain file of root's", () => {
    append(at('hers/autoscaler.log'));
    append(at('hers/autoscaler.log'));
    assert.equal(readFileSync(at('hers/autoscaler.log'), 'utf8'), 'line\nline\n');
  });

  test('in a folder that all may write, such as /tmp, a file of hers is no log of ours', () => {
    const path = at('sticky/autoscaler.log');
    mkdirSync(at('sticky'));
    chmodSync(at('sticky'), 0o1777);
    append(path);
    assert.equal(readFileSync(path, 'utf8'), 'line\n');
    chownSync(path, 1000, 1000);
    assert.throws(() => append(path), /users other than root may write to its folder .*sticky/);
    assert.equal(readFileSync(path, 'utf8'), 'line\n');
  });

  test("root's link in root's folder is followed", () => {
    symlinkSync('etc/log', at('link.log'));
    append(at('link.log'));
    assert.equal(readFileSync(at('etc/log'), 'utf8'), 'line\n');
  });

  const traps: [name: string, make: () => string][] = [
    [
      'a link of hers',
      () => {
        symlinkSync('../etc/passwd', at('hers/log'));
        hersToo('hers/log');
        return 'hers/log';
      },
    ],
    [
      'a link of hers to nothing yet',
      () => {
        symlinkSync('../etc/new', at('hers/log'));
        return 'hers/log';
      },
    ],
    [
      'a loop of links',
      () => {
        symlinkSync('log', at('hers/log'));
        return 'hers/log';
      },
    ],
    [
      'her folder as a link',
      () => {
        symlinkSync('../etc', at('hers/d'));
        return 'hers/d/passwd';
      },
    ],
    [
      "another name of root's file",
      () => {
        linkSync(at('etc/passwd'), at('hers/log'));
        return 'hers/log';
      },
    ],
    [
      'a file of hers',
      () => {
        writeFileSync(at('hers/log'), '');
        hersToo('hers/log');
        return 'hers/log';
      },
    ],
    [
      'a pipe',
      () => {
        execFileSync('mkfifo', [at('hers/log')]);
        return 'hers/log';
      },
    ],
    [
      'a folder',
      () => {
        mkdirSync(at('hers/log'));
        return 'hers/log';
      },
    ],
    ['a folder that is not there: root makes none in hers', () => 'hers/new/log'],
  ];
  for (const [name, make] of traps) {
    test(`a trap in a folder of hers, ${name}, is told as hers and changes nothing`, () => {
      const path = at(make());
      const before = readdirSync(at('hers'));
      assert.throws(() => openLogFile(path), Foreign);
      assertUntouched();
      assert.deepEqual(readdirSync(at('hers')), before);
    });
  }
});

describe('a file that is put somewhere as a whole', () => {
  test('may be in a folder of hers, and replaces a link instead of following it', () => {
    symlinkSync('../etc/passwd', at('hers/a.prom'));
    replaceOutput(at('hers/a.prom'), 'metrics\n', 0o644);
    assertUntouched();
    assert.ok(lstatSync(at('hers/a.prom')).isFile());
    assert.equal(readFileSync(at('hers/a.prom'), 'utf8'), 'metrics\n');
    assert.equal(statSync(at('hers/a.prom')).mode & 0o777, 0o644);
    assert.deepEqual(readdirSync(at('hers')), ['a.prom']);
  });

  test('goes through no link that she could have made', () => {
    symlinkSync('../etc', at('hers/d'));
    symlinkSync('hers/d', at('d'));
    for (const path of ['hers/d/passwd', 'd/passwd']) {
      assert.throws(() => replaceOutput(at(path), 'metrics\n', 0o644), Foreign);
    }
    assertUntouched();
  });

  test("goes through root's own link", () => {
    symlinkSync('hers', at('d'));
    replaceOutput(at('d/a.prom'), 'metrics\n', null);
    assert.equal(readFileSync(at('hers/a.prom'), 'utf8'), 'metrics\n');
  });

  test('a folder that is not there, and a folder in its place: an error, and nothing is left', () => {
    mkdirSync(at('etc/x'));
    assert.throws(() => replaceOutput(at('none/a'), '', null), { code: 'ENOENT' });
    assert.throws(() => replaceOutput(at('etc/x'), '', null), { code: 'EISDIR' });
    assert.deepEqual(readdirSync(at('etc')).sort(), ['passwd', 'x']);
  });
});
