import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const root = mkdtempSync(join(tmpdir(), 'autoscaler-node-deps-'));
after(() => rmSync(root, { recursive: true, force: true }));

test('a node_modules that is a link to a folder of others is never emptied', () => {
  const theirs = join(root, 'theirs/node_modules');
  const copy = join(root, 'copy');
  mkdirSync(join(theirs, 'a-package'), { recursive: true });
  writeFileSync(join(theirs, '.package-lock.json'), '{}');
  utimesSync(join(theirs, '.package-lock.json'), 1, 1);
  mkdirSync(join(copy, 'scripts/install'), { recursive: true });
  cpSync('scripts/install/node-deps.sh', join(copy, 'scripts/install/node-deps.sh'));
  const lock = { name: 'x', version: '1.0.0', lockfileVersion: 3, packages: { '': {} } };
  writeFileSync(join(copy, 'package.json'), '{ "name": "x", "version": "1.0.0" }');
  writeFileSync(join(copy, 'package-lock.json'), JSON.stringify(lock));
  symlinkSync(theirs, join(copy, 'node_modules'));
  const { status, stderr } = spawnSync(join(copy, 'scripts/install/node-deps.sh'), {
    encoding: 'utf8',
  });
  assert.ok(existsSync(join(theirs, 'a-package')));
  assert.equal(status, 1);
  assert.match(stderr, /node_modules is a link to .*theirs\/node_modules, .*\nRun there: .*npm ci/);
});
