import { after, test } from 'node:test';
import assert from 'node:assert/strict';
import {
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Foreign, makeFolders, removeFolderIfEmpty } from '../../../src/host/files/folders.ts';

const root = mkdtempSync(join(tmpdir(), 'autoscaler-folders-'));
after(() => rmSync(root, { recursive: true }));

test('all that is missing is made, and whether something was is told; what is there stays', () => {
  assert.equal(makeFolders(join(root, 'a/b/c'), 0o700), true);
  assert.equal(makeFolders(join(root, 'a/b/c'), 0o755), false);
  assert.equal(makeFolders(join(root, 'a/b/d'), 0o755), true);
  assert.equal(statSync(join(root, 'a/b/c')).mode & 0o777, 0o700);
});

test('a link to a folder serves as one', () => {
  symlinkSync(join(root, 'a'), join(root, 'link'));
  assert.equal(makeFolders(join(root, 'link'), 0o755), false);
  assert.equal(makeFolders(join(root, 'link/e'), 0o755), true);
  assert.ok(existsSync(join(root, 'a/e')));
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

test("nothing is made or removed in another user's folder, nor behind a link of his", () => {
  const hers = join(root, 'hers');
  mkdirSync(join(hers, 'empty'), { recursive: true });
  chownSync(hers, 1000, 1000);
  mkdirSync(join(root, 'victim/empty'), { recursive: true });
  symlinkSync('../victim', join(hers, 'link'));
  lchownSync(join(hers, 'link'), 1000, 1000);
  for (const path of [join(hers, 'new'), join(hers, 'link/new')]) {
    assert.throws(() => makeFolders(path, 0o755), Foreign);
  }
  removeFolderIfEmpty(join(hers, 'empty'));
  removeFolderIfEmpty(join(hers, 'link/empty'));
  assert.deepEqual(readdirSync(hers).sort(), ['empty', 'link']);
  assert.deepEqual(readdirSync(join(root, 'victim')), ['empty']);
});

test('a folder of ours is removed when it is empty, and not before', () => {
  mkdirSync(join(root, 'ours'));
  writeFileSync(join(root, 'ours/file'), '');
  removeFolderIfEmpty(join(root, 'ours'));
  assert.ok(existsSync(join(root, 'ours')));
  rmSync(join(root, 'ours/file'));
  removeFolderIfEmpty(join(root, 'ours'));
  removeFolderIfEmpty(join(root, 'ours'));
  assert.ok(!existsSync(join(root, 'ours')));
});
