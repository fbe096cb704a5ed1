import { after, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import {
  chownSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyPlan } from '../../src/act/apply.ts';
import { chainOf } from '../../src/act/journal/chain.ts';
import { listFinished } from '../../src/act/journal/journal.ts';
import { planServiceRollback, type RollbackAnswer } from '../../src/act/rollback-plan.ts';
import type { Plan } from '../../src/act/types.ts';
import type { Located } from '../../src/targets/target.ts';
import { SERVICE, UNIT, World } from './world.ts';

const root = mkdtempSync(join(tmpdir(), 'autoscaler-rollback-'));
after(() => rmSync(root, { recursive: true, force: true }));

function newWorld(): World {
  return new World(mkdtempSync(join(root, 'world-'))).create();
}

/** The change of the number in the unit as it is now. */
async function change(world: World, from: number, to: number): Promise<void> {
  const before = readFileSync(world.unitPath, 'utf8');
  const after = before.replace(`workers ${from}`, `workers ${to}`);
  const plan: Plan = {
    ...world.plan(to),
    from,
    files: [{ path: world.unitPath, before, after }],
  };
  assert.equal((await applyPlan(plan, world.deps())).result, 'applied');
}

function locate(world: World, files: Plan['files']): Located {
  const text =
    files.find(({ path }) => path === world.unitPath)?.after ??
    readFileSync(world.unitPath, 'utf8');
  const found = /--workers (\d+)/d.exec(text);
  const [start, end] = found?.indices?.[1] ?? [0, 0];
  if (found === null) {
    return { how: 'refused', kind: null, code: 'not_a_number', message: 'no number', hint: '' };
  }
  const place = { path: world.unitPath, start, end };
  return {
    ...{ how: 'known', kind: 'gunicorn', workers: Number(found[1]) },
    ...{ assumed: false, whenDown: null, stale: false, path: world.unitPath, place },
  };
}

const RESTART = { apply: 'restart', pool: null, hasBroker: false } as const;

async function planRollback(world: World, isLastOnly = false): Promise<RollbackAnswer | null> {
  const chain = chainOf(await listFinished(world.backupDir));
  const changes = isLastOnly ? chain.slice(-1) : chain;
  if (changes.length === 0) return null;
  const unit = (await world.deps().target.readStates([SERVICE])).get(SERVICE);
  assert.ok(unit);
  return planServiceRollback({
    ...{ backupDir: world.backupDir, unit, changes, running: world.state.running },
    locate: (files) => locate(world, files),
    live: RESTART,
  });
}

async function rollBack(world: World, isLastOnly = false): Promise<string[]> {
  const answer = await planRollback(world, isLastOnly);
  assert.ok(answer);
  assert.equal((await applyPlan(answer.plan, world.deps())).result, 'applied');
  return answer.notes;
}

function edit(world: World): string {
  const edited = `${readFileSync(world.unitPath, 'utf8')}# their edit\n`;
  writeFileSync(world.unitPath, edited);
  return edited;
}

describe('planServiceRollback', () => {
  test("a file that is another user's by now is refused, with its copy and what to do", async () => {
    const world = newWorld();
    await change(world, 2, 3);
    chownSync(world.unitPath, 1000, 1000);
    await assert.rejects(
      planRollback(world),
      /belongs to user 1000, and root writes only where nobody else can; nothing was changed\. The original is in .*changes\/000001-web\.service\/0, for its owner to restore \(the number alone: autoscaler scale web\.service 2\)/,
    );
    // its owner has done so
    writeFileSync(world.unitPath, UNIT);
    assert.deepEqual((await planRollback(world))?.plan.files, []);
  });

  test('a file that becomes another user’s after the plan was made is refused too', async () => {
    const world = newWorld();
    await change(world, 2, 3);
    const answer = await planRollback(world);
    assert.ok(answer);
    chownSync(world.unitPath, 1000, 1000);
    const { result, sentence } = await applyPlan(answer.plan, world.deps());
    assert.equal(result, 'refused');
    assert.match(sentence, /it belongs to user 1000/);
    assert.equal(world.declared(), 3);
  });

  test('a link in its place leads to no other file', async () => {
    const world = newWorld();
    await change(world, 2, 3);
    renameSync(world.unitPath, `${world.unitPath}.moved`);
    symlinkSync(`${world.unitPath}.moved`, world.unitPath);
    await assert.rejects(planRollback(world), /it now leads to .*moved/);
  });

  test('several changes: byte for byte what was before the first', async () => {
    const world = newWorld();
    await change(world, 2, 3);
    await change(world, 3, 4);
    assert.deepEqual(await rollBack(world), []);
    assert.equal(readFileSync(world.unitPath, 'utf8'), UNIT);
    assert.deepEqual(
      [world.state.running, await planRollback(world)],
      [2, null],
      'a second one has nothing to do',
    );
  });

  test('the last one only, and then the one before', async () => {
    const world = newWorld();
    await change(world, 2, 3);
    await change(world, 3, 4);
    await rollBack(world, true);
    assert.equal(world.declared(), 3);
    await rollBack(world, true);
    assert.equal(readFileSync(world.unitPath, 'utf8'), UNIT);
  });

  test('edited after our last change: the number goes back, the edit stays, and it is said', async () => {
    const world = newWorld();
    await change(world, 2, 4);
    const edited = edit(world);
    const [note] = await rollBack(world);
    assert.match(
      note ?? '',
      /has since been edited by somebody else: only the number is set back to 2/,
    );
    assert.equal(readFileSync(world.unitPath, 'utf8'), edited.replace('workers 4', 'workers 2'));
  });

  test('edited between two of our changes: the edit stays too', async () => {
    const world = newWorld();
    await change(world, 2, 3);
    const edited = edit(world);
    await change(world, 3, 4);
    assert.match((await rollBack(world))[0] ?? '', /only the number is set back/);
    assert.equal(readFileSync(world.unitPath, 'utf8'), edited.replace('workers 3', 'workers 2'));
  });

  test('edited so that the number is gone: left as it is', async () => {
    const world = newWorld();
    await change(world, 2, 4);
    writeFileSync(world.unitPath, 'their unit');
    const answer = await planRollback(world);
    assert.deepEqual(answer?.plan.files, []);
    assert.match(answer.notes[0] ?? '', /the number is no longer in it: left as it is/);
  });

  test('put back by hand already: nothing is written, and the chain ends', async () => {
    const world = newWorld();
    await change(world, 2, 4);
    writeFileSync(world.unitPath, UNIT);
    const answer = await planRollback(world);
    assert.deepEqual([answer?.plan.files, answer?.plan.resize], [[], 'restart']);
    world.update({ loaded: 2 });
    await rollBack(world);
    assert.equal(await planRollback(world), null);
  });

  test('a file that was removed since stays so', async () => {
    const world = newWorld();
    await change(world, 2, 4);
    const unit = readFileSync(world.unitPath, 'utf8');
    rmSync(world.unitPath);
    const notes: string[] = [];
    const chain = chainOf(await listFinished(world.backupDir));
    const state = (await world.deps().target.readStates([SERVICE])).get(SERVICE);
    assert.ok(state);
    const answer = planServiceRollback({
      ...{
        backupDir: world.backupDir,
        unit: { ...state, activeState: 'inactive' },
        changes: chain,
      },
      running: null,
      locate: () => ({ how: 'refused', kind: null, code: 'no_unit', message: unit, hint: '' }),
      live: RESTART,
    });
    notes.push(...answer.notes);
    assert.deepEqual([answer.plan.files, answer.plan.resize], [[], 'none']);
    assert.match(notes[0] ?? '', /has since been removed and stays removed/);
  });

  test('after a rollback the chain starts over', async () => {
    const world = newWorld();
    await change(world, 2, 4);
    await rollBack(world);
    const edited = edit(world);
    await change(world, 2, 3);
    await rollBack(world);
    assert.equal(readFileSync(world.unitPath, 'utf8'), edited);
  });
});
