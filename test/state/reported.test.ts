import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isNews } from '../../src/state/reported.ts';

const root = mkdtempSync(join(tmpdir(), 'autoscaler-told-'));
after(() => rmSync(root, { recursive: true, force: true }));

test('the same is news once, something else is news again, and so is what was over', () => {
  assert.equal(isNews(root, 'a', 'x'), true);
  assert.equal(isNews(root, 'a', 'x'), false);
  assert.equal(isNews(root, 'b', 'x'), true);
  assert.equal(isNews(root, 'a', 'y'), true);
  assert.equal(isNews(root, 'a', null), false);
  assert.equal(isNews(root, 'a', 'y'), true);
});

test('without a folder, or with a file that is torn, everything is news', () => {
  assert.equal(isNews(join(root, 'none'), 'a', 'x'), true);
  writeFileSync(join(root, 'told.json'), '{"a": "x');
  assert.equal(isNews(root, 'a', 'x'), true);
  assert.equal(isNews(root, 'a', 'x'), false);
});
