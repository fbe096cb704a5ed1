import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { applySplices } from '../../src/unit-file/splice.ts';
import type { Location, UnitSources } from '../../src/unit-file/types.ts';
import { locateWorkers } from '../../src/unit-file/workers.ts';
import type { Shape } from './shape.ts';
import { sourcesOf } from './shape.ts';
import { CELERY } from './shapes-celery.ts';
import { GUNICORN } from './shapes-gunicorn.ts';
import { MERGE } from './shapes-merge.ts';
import { REFUSED } from './shapes-refused.ts';

const HEAD = /^# Written by autoscaler.*\n#.*\n# Undo: autoscaler rollback \S+\n\[Service\]\n/;

for (const [name, shapes] of Object.entries({ GUNICORN, CELERY, MERGE, REFUSED }))
  describe(`unit files: ${name}`, () => {
    for (const shape of shapes) test(shape.name, () => check(shape));
  });

function check(shape: Shape): void {
  const sources = sourcesOf(shape);
  const found = locateWorkers(sources);
  if (shape.refused) {
    assert.equal(found.how, 'refused');
    if (found.how !== 'refused') return;
    assert.equal(found.code, shape.refused);
    assert.match(`${found.message} | ${found.hint}`, shape.says ?? /./);
    return;
  }
  assert.notEqual(found.how, 'refused', JSON.stringify(found));
  if (found.how === 'refused') return;
  assert.equal(found.workers, shape.workers);
  if (shape.line !== undefined) {
    assert.equal(found.how, 'splice', JSON.stringify(found));
    if (found.how !== 'splice') return;
    assert.equal(found.path, shape.in ?? sources.fragment?.path);
    if (shape.what) assert.equal(found.what, shape.what);
    assert.deepEqual(
      changedLines(textOf(sources, found.path), afterChange(sources, found, 17), found.path),
      [shape.line],
    );
  } else {
    assert.equal(found.how, 'drop_in', JSON.stringify(found));
    if (found.how !== 'drop_in') return;
    assert.match(found.text(17), HEAD);
    assert.equal(found.text(17).replace(HEAD, ''), `${shape.dropIn?.join('\n')}\n`);
    assert.match(found.why, shape.why ?? /./);
  }
  for (const workers of [1, 17, 250]) {
    const again = locateWorkers(afterChange(sources, found, workers));
    assert.ok(again.how === found.how, `after a change to ${workers}: ${JSON.stringify(again)}`);
    assert.equal(again.workers, workers);
  }
}

function textOf(sources: UnitSources, path: string): string {
  const files = [sources.fragment, ...sources.dropIns, ...sources.environmentFiles];
  return files.find((file) => file?.path === path)?.text ?? '';
}

/** The lines that differ; all others are the same, and none is added or removed. */
function changedLines(before: string, after: UnitSources, path: string): string[] {
  const lines = (text: string): string[] => text.split(/\r?\n/);
  const was = lines(before);
  const is = lines(textOf(after, path));
  assert.equal(is.length, was.length);
  return is.filter((line, index) => line !== was[index]);
}

/** The unit after the change, as the next run reads it. */
function afterChange(
  sources: UnitSources,
  found: Exclude<Location, { how: 'refused' }>,
  workers: number,
): UnitSources {
  if (found.how === 'splice') {
    const edit = <F extends { path: string; text: string | null }>(file: F): F =>
      file.path === found.path && file.text !== null
        ? { ...file, text: applySplices(file.text, [{ ...found, insert: String(workers) }]) }
        : file;
    return {
      ...sources,
      fragment: sources.fragment && edit(sources.fragment),
      dropIns: sources.dropIns.map(edit),
      environmentFiles: sources.environmentFiles.map(edit),
    };
  }
  const others = sources.dropIns.filter((file) => file.path !== found.path);
  const dropIns = [...others, { path: found.path, text: found.text(workers) }];
  const name = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
  return { ...sources, dropIns: dropIns.sort((a, b) => (name(a.path) < name(b.path) ? -1 : 1)) };
}
