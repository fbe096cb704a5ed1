import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { expandPattern } from '../../../src/targets/systemd/patterns.ts';

const NAMES = ['a.env', 'b.env', 'B.env', '10.env', 'a.env~', '.hidden.env', 'a+b.env', '[x].env'];
const ASK = `
import glob, json, sys
print(json.dumps([sorted(glob.glob(p), key=str.encode) or [p] for p in json.load(sys.stdin)]))`;
import { cpuMsOf } from '../../cpu-time.ts';

describe('the files of a pattern are those that glob finds', () => {
  let root = '';
  before(() => {
    root = mkdtempSync(join(tmpdir(), 'patterns-'));
    for (const folder of ['conf', 'conf2']) {
      mkdirSync(join(root, folder));
      for (const name of NAMES) writeFileSync(join(root, folder, name), '');
    }
  });
  after(() => rmSync(root, { recursive: true }));

  const rows = ['*.env', '*', '?.env', '[ab].env', '[!a]*', '[^a]*', '.*.env', 'a+b*', 'none*'];
  for (const row of [...rows, 'a.env', '[[]x].env', '[a-c]*.env', '***v', '../*/a.env', '../no/*'])
    test(row, () => {
      const path = join(root, 'conf').concat('/', row);
      const input = JSON.stringify([path.replaceAll('[^', '[!')]);
      const answer = execFileSync('/usr/bin/python3', ['-c', ASK], { input, encoding: 'utf8' });
      const [expected = []] = JSON.parse(answer) as string[][];
      const isFound = !/^none|no\//.test(row);
      assert.deepEqual(expandPattern(path), isFound ? expected : [path]);
    });
});

describe('a folder of somebody who means it ill', () => {
  let root = '';
  before(() => (root = mkdtempSync(join(tmpdir(), 'patterns-'))));
  after(() => rmSync(root, { recursive: true }));

  test('more than 100 files are none that are read', () => {
    for (let n = 0; n < 101; n++) writeFileSync(join(root, `${n}.env`), '');
    assert.equal(expandPattern(join(root, '*.env')), null);
    assert.equal(expandPattern(join(root, '1*.env'))?.length, 12);
  });

  test('no more than 10,000 names are looked at', () => {
    mkdirSync(join(root, 'many'));
    for (let n = 0; n <= 10_000; n++) writeFileSync(join(root, 'many', String(n)), '');
    assert.equal(expandPattern(join(root, 'many', '*.env')), null);
  });

  test('no pattern makes a match slow', () => {
    writeFileSync(join(root, 'a'.repeat(255)), '');
    const path = join(root, `${'*a'.repeat(100)}b`);
    const ms = cpuMsOf(() => assert.deepEqual(expandPattern(path), [path]));
    assert.ok(ms < 2000, `${ms} ms`);
  });

  test('a range the wrong way round stands for nothing', () => {
    const path = join(root, '[z-a].env');
    assert.deepEqual(expandPattern(path), [path]);
  });
});
