import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  parseShow,
  readEnvironmentFiles,
  readNumber,
  readPaths,
  readValue,
} from '../../../src/targets/systemd/show.ts';
import { isUnitName } from '../../../src/targets/systemd/units.ts';

const KEYS = ['Id', 'Result', 'EnvironmentFiles', 'DropInPaths', 'MemoryCurrent'];

function one(...lines: string[]) {
  const [first] = parseShow(`${lines.join('\n')}\n`, KEYS);
  assert.ok(first !== undefined);
  return first;
}

describe('blocks', () => {
  test('an empty line stands between two units', () => {
    const blocks = parseShow('Id=a.service\nResult=success\n\nId=b.service\n', KEYS);
    assert.deepEqual(
      blocks.map((block) => readValue(block, 'Id')),
      ['a.service', 'b.service'],
    );
  });

  test('no answer is no unit', () => assert.deepEqual(parseShow('', KEYS), []));

  test('an equals sign in a value is part of it', () => {
    assert.equal(readValue(one('Result=a=b'), 'Result'), 'a=b');
  });

  test('a line without a known property goes on the value before it', () => {
    const block = one('Result=first', 'SECOND=line', 'Id=a.service');
    assert.equal(readValue(block, 'Result'), 'first\nSECOND=line');
    assert.equal(readValue(block, 'Id'), 'a.service');
  });
});

describe('values', () => {
  const rows: [name: string, printed: string, value: number | null][] = [
    ['a number', '4096', 4096],
    ['not set', '[not set]', null],
    ['empty', '', null],
    ['infinity in words', 'infinity', null],
    ['infinity as a number', '18446744073709551615', null],
    ['zero is a number', '0', 0],
  ];
  for (const [name, printed, value] of rows) {
    test(name, () =>
      assert.equal(readNumber(one(`MemoryCurrent=${printed}`), 'MemoryCurrent'), value),
    );
  }
  test('missing', () => assert.equal(readNumber(one('Id=a'), 'MemoryCurrent'), null));
});

describe('lists of paths', () => {
  const rows: [name: string, printed: string, paths: string[]][] = [
    ['none', '', []],
    ['several keep their order', '/b.conf /a.conf', ['/b.conf', '/a.conf']],
    ['one with a blank is quoted', '"/a b.conf" /c.conf', ['/a b.conf', '/c.conf']],
    ['quotes and backslashes are escaped', String.raw`"/a\"b\\c.conf"`, [String.raw`/a"b\c.conf`]],
    ['a dollar sign is escaped', String.raw`"/a\$b.conf"`, ['/a$b.conf']],
    ['UTF-8 stays', '/año.conf', ['/año.conf']],
  ];
  for (const [name, printed, paths] of rows) {
    test(name, () =>
      assert.deepEqual(readPaths(one(`DropInPaths=${printed}`), 'DropInPaths'), paths),
    );
  }
});

test('environment files stand on a line each, blanks and quotes unescaped', () => {
  const block = one(
    'EnvironmentFiles=/etc/env one (ignore_errors=no)',
    'EnvironmentFiles=/etc/"q\\x (1) (ignore_errors=yes)',
  );
  assert.deepEqual(readEnvironmentFiles(block), [
    { path: '/etc/env one', optional: false },
    { path: '/etc/"q\\x (1)', optional: true },
  ]);
});

describe('names that systemd is asked for', () => {
  const rows: [name: string, isAsked: boolean][] = [
    ['shop.service', true],
    ['web@shop.service', true],
    ['a\\x20b.service', true],
    ['-x.service', true],
    ['web@.service', false],
    ['a*.service', false],
    ['a b.service', false],
    ['../a.service', false],
    ['shop', false],
    ['a\n.service', false],
    [`${'a'.repeat(250)}.service`, false],
  ];
  for (const [name, isAsked] of rows) {
    test(`${JSON.stringify(name.slice(0, 20))}: ${isAsked ? 'yes' : 'no'}`, () => {
      assert.equal(isUnitName(name), isAsked);
    });
  }
});
