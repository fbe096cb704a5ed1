import { after, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFolders } from '../src/make-folders.ts';

const root = mkdtempSync(join(tmpdir(), 'autoscaler-folders-'));
after(() => rmSync(root, { recursive: true }));

test('all that is missing is made, and the uppermost is told; what is there stays', () => {
  assert.equal(makeFolders(join(root, 'a/b/c'), 0o700), join(root, 'a'));
  assert.equal(makeFolders(join(root, 'a/b/c'), 0o755), undefined);
  assert.equal(makeFolders(join(root, 'a/b/d'), 0o755), join(root, 'a/b/d'));
  assert.equal(statSync(join(root, 'a/b/c')).mode & 0o777, 0o700);
});

test('a link to a folder serves as one', () => {
  symlinkSync(join(root, 'a'), join(root, 'link'));
  assert.equal(makeFolders(join(root, 'link'), 0o755), undefined);
  assert.equal(makeFolders(join(root, 'link/e'), 0o755), join(root, 'link/e'));
});

test('a file or a link to nothing in its place, a file above, and a folder that takes none: an error at once', () => {
  writeFileSync(join(root, 'file'), '');
  symlinkSync(join(root, 'nowhere'), join(root, 'dangling'));
  for (const [path, code] of [
    [join(root, 'file'), 'EEXIST'],
    [join(root, 'file/a/b'), 'ENOTDIR'],
    [join(root, 'dangling'), 'EEXIST'],
    ['/proc/none/a', 'ENOENT'],
    ['/proc/none', 'ENOENT'],
  ] as const) {
    assert.throws(() => makeFolders(path, 0o755), { code }, path);
  }
});
