import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { applySplices } from '../../../../src/model/splice.ts';
import type {
  Location,
  UnitSources,
} from '../../../../src/targets/systemd/unit-file/syntax/types.ts';
import { locateWorkers } from '../../../../src/targets/systemd/unit-file/locate/workers.ts';
import type { Shape } from './shape.ts';
import { sourcesOf } from './shape.ts';
import { CELERY } from './shapes-celery.ts';
import { DROP_IN } from './shapes-drop-in.ts';
import { FOREIGN } from './shapes-foreign.ts';
import { GUNICORN } from './shapes-gunicorn.ts';
import { HIDDEN } from './shapes-hidden.ts';
import { KIND } from './shapes-kind.ts';
import { MERGE } from './shapes-merge.ts';
import { REFUSED } from './shapes-refused.ts';

const HEAD =
  /^# Written by autoscaler.*\n#.*\n(?:# Made from settings of the unit with the checksum [0-9a-f]{16}; renewed when they change\.\n)?# Undo: autoscaler rollback \S+\n\[Service\]\n/;

for (const [name, shapes] of Object.entries({
  GUNICORN,
  CELERY,
  MERGE,
  DROP_IN,
  FOREIGN,
  HIDDEN,
  REFUSED,
  KIND,
}))
  describe(`unit files: ${name}`, () => {
    for (const shape of shapes) test(shape.name, () => check(shape));
  });

function check(shape: Shape): void {
  const { sources, mark } = sourcesOf(shape);
  const found = locateWorkers(sources);
  if (found.how === 'refused') {
    assert.equal(found.code, shape.refused, found.message);
    assert.match(`${found.message} | ${found.hint}`, shape.says ?? /./);
    return;
  }
  assert.equal(shape.refused, undefined);
  assert.equal(found.workers, shape.workers ?? mark?.workers);
  if (found.how === 'splice') {
    const { path, start, end } = found;
    assert.deepEqual(
      { path, start, end },
      mark && { path: mark.path, start: mark.start, end: mark.end },
    );
    if (shape.what) assert.equal(found.what, shape.what);
  } else {
    assert.equal(mark, null, `edited in place: ${found.why}`);
    assert.match(found.text(17), HEAD);
    assert.deepEqual(found.text(17).replace(HEAD, '').split('\n'), [...lines(shape.dropIn), '']);
    const { environment } = found;
    assert.equal(environment?.text?.(17).split('\n').at(-2), shape.environment);
    // one that is named no more is removed, and none is made that nobody names
    const isThere = shape.environment !== undefined || shape.ourEnvironment !== undefined;
    assert.equal(environment !== undefined, isThere);
    assert.match(found.why, shape.why ?? /./);
    const name = /50-autoscaler\.conf$/.test(found.path) ? undefined : found.path;
    assert.equal(name, shape.at);
    assert.deepEqual(found.replaces, shape.replaces ?? []);
    assert.equal(found.stale, shape.stale ?? false);
    assert.match(found.whenDown?.message ?? '', shape.whenDown ?? /^$/);
    if (shape.overrules === null) assert.equal(found.overrules, null);
    else if (shape.overrules) assert.match(found.overrules ?? '', shape.overrules);
  }
  for (const workers of [1, 17, 250]) {
    const again = locateWorkers(afterChange(sources, found, workers));
    assert.ok(again.how === found.how, `after a change to ${workers}: ${JSON.stringify(again)}`);
    assert.equal(again.workers, workers);
    if (again.how !== 'drop_in' || found.how !== 'drop_in') continue;
    assert.deepEqual([again.path, again.stale, again.replaces], [found.path, false, []]);
    assert.equal(again.text(workers), found.text(workers));
  }
}

function lines(texts: string[] = []): string[] {
  return texts.flatMap((text) => text.split('\n'));
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
  const { environment } = found;
  const text = environment?.text?.(workers) ?? null;
  const environmentFiles = sources.environmentFiles.filter(
    ({ path }) => path !== environment?.path,
  );
  if (environment !== undefined && text !== null) {
    environmentFiles.push({ path: environment.path, text });
  }
  const gone = [found.path, ...found.replaces];
  const others = sources.dropIns.filter((file) => !gone.includes(file.path));
  const dropIns = [...others, { path: found.path, text: found.text(workers) }];
  const name = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
  dropIns.sort((a, b) => (name(a.path) < name(b.path) ? -1 : 1));
  return { ...sources, dropIns, environmentFiles, ourEnvironment: text };
}
