import { after, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import {
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyPlan } from '../../../src/act/apply.ts';
import { listUnreadable } from '../../../src/act/journal/journal.ts';
import { whyBlocked } from '../../../src/act/journal/recover.ts';
import { recover } from './recover-all.ts';
import { EXIT, NoAnswer } from '../../../src/errors.ts';
import { UNIT, World } from '../world.ts';

const root = mkdtempSync(join(tmpdir(), 'autoscaler-recover-'));
after(() => rmSync(root, { recursive: true, force: true }));

const PENDING = '000001-web.service.pending';

function newWorld(): World {
  return new World(mkdtempSync(join(root, 'world-'))).create();
}

/** A world in which a run was cut off at the step that begins with `at`. */
async function cutOff(at: string): Promise<World> {
  const world = newWorld();
  let cut = false;
  const step = (name: string): void => {
    cut ||= name.startsWith(at);
    // from here on nothing happens any more, not even an undo
    if (cut) throw new Error('cut off');
  };
  await applyPlan(world.plan(4), world.deps(step));
  return world;
}

function chownFile({ unitPath }: World): void {
  chownSync(unitPath, 1000, 1000);
}

function chownFolder({ unitPath }: World): void {
  chownSync(join(unitPath, '..'), 1000, 1000);
}

function names(world: World): string[] {
  return readdirSync(join(world.backupDir, 'changes'));
}

describe('recover', () => {
  test('nothing is left: nothing is done', async () => {
    const world = newWorld();
    assert.deepEqual(await recover(world.deps()), {
      outcomes: [],
      faults: [],
      blocked: [],
      allBlocked: false,
    });
  });

  test('the user edited a half-changed file: the edit stays, and is told', async () => {
    const world = await cutOff('daemon-reload');
    assert.equal(world.declared(), 4);
    writeFileSync(world.unitPath, 'their edit');
    const { outcomes } = await recover(world.deps());
    assert.equal(outcomes[0]?.result, 'failed');
    assert.match(outcomes[0].sentence, /edited by somebody else meanwhile and is left as it is/);
    assert.equal(readFileSync(world.unitPath, 'utf8'), 'their edit');
  });

  test("a half-changed file that is another user's by now is not written, and it is told what to do", async () => {
    for (const make of [chownFile, chownFolder]) {
      const world = await cutOff('daemon-reload');
      make(world);
      const was = statSync(world.unitPath, { bigint: true });
      const { outcomes, blocked } = await recover(world.deps());
      assert.equal(outcomes[0]?.result, 'failed');
      assert.match(
        outcomes[0].sentence,
        /belongs to user 1000, and root writes only where nobody else can; it is left as it is, for its owner to restore; the original: .*changes\/000001-web\.service.*\/0/,
      );
      // ended all the same: the next run serves the service again
      assert.deepEqual([blocked, names(world)], [['web.service'], ['000001-web.service']]);
      const now = statSync(world.unitPath, { bigint: true });
      assert.deepEqual([now.ino, now.mtimeNs, world.declared()], [was.ino, was.mtimeNs, 4]);
      assert.deepEqual(readdirSync(join(world.root, 'units')), ['web.service']);
    }
  });

  test("one that is done already is ended, whoever's its file is by now", async () => {
    const world = await cutOff('verify');
    chownFile(world);
    const { outcomes } = await recover(world.deps());
    assert.equal(outcomes[0]?.result, 'applied');
    assert.equal(world.declared(), 4);
  });

  test('a journal that others can write is not believed, and nothing is changed', async () => {
    const world = await cutOff('daemon-reload');
    const was = readFileSync(world.unitPath, 'utf8');
    chownSync(world.backupDir, 1000, 1000);
    const changes = join(world.backupDir, 'changes');
    const { mtimeNs } = statSync(changes, { bigint: true });
    const { outcomes, faults } = await recover(world.deps());
    assert.deepEqual(outcomes, []);
    assert.match(faults.join(), /changes: not trusted: its folder .*backups belongs to user 1000/);
    const { result, sentence } = await applyPlan(
      { ...world.plan(5), files: [{ path: world.unitPath, before: was, after: UNIT }] },
      world.deps(),
    );
    assert.equal(result, 'refused');
    assert.match(sentence, /belongs to user 1000/);
    assert.equal(readFileSync(world.unitPath, 'utf8'), was);
    const now = statSync(changes, { bigint: true });
    assert.equal(now.mtimeNs, mtimeNs, 'nothing was made or removed in it');
  });

  test('a folder that was exchanged for a loop of links: the change ends, and says so', async () => {
    const world = await cutOff('daemon-reload');
    const folder = join(world.unitPath, '..');
    renameSync(folder, `${folder}.aside`);
    symlinkSync(folder, folder);
    const { outcomes } = await recover(world.deps());
    assert.equal(outcomes[0]?.result, 'failed');
    assert.match(outcomes[0].sentence, /ELOOP.*it is left as it is/);
    assert.deepEqual(names(world), ['000001-web.service']);
  });

  test('a record that cannot be read is moved aside, never deleted, and told with its place', async () => {
    const world = await cutOff('daemon-reload');
    writeFileSync(join(world.backupDir, 'changes', PENDING, 'manifest.json'), '{"v":1,"ser');
    const { faults, blocked } = await recover(world.deps());
    assert.match(faults[0] ?? '', /cannot be read .*moved to .*000001-web\.service\.broken/);
    assert.deepEqual([blocked, names(world)], [[], ['000001-web.service.broken']]);
    const copy = join(world.backupDir, 'changes', '000001-web.service.broken', '0');
    assert.equal(readFileSync(copy, 'utf8'), UNIT);
  });

  test('a record of a newer version is left for it, and its service is left alone', async () => {
    const world = await cutOff('daemon-reload');
    const manifest = join(world.backupDir, 'changes', PENDING, 'manifest.json');
    writeFileSync(manifest, '{"v":2,"service":"web.service"}');
    const { faults, blocked } = await recover(world.deps());
    assert.match(faults[0] ?? '', /newer autoscaler \(format 2, this version knows 1\)/);
    assert.deepEqual([blocked, names(world)], [['web.service'], [PENDING]]);
  });

  test('a record of a newer version that does not say of which service: no service is changed', async () => {
    const world = await cutOff('daemon-reload');
    const manifest = join(world.backupDir, 'changes', PENDING, 'manifest.json');
    writeFileSync(manifest, '{"v":2,"services":["web.service"]}');
    const recovery = await recover(world.deps());
    assert.match(recovery.faults[0] ?? '', /does not name its service, so no service is changed/);
    assert.match(whyBlocked(recovery, 'other.service') ?? '', /may concern any service/);
    assert.deepEqual(names(world), [PENDING]);
  });

  test('a record that the disk does not give now is no damaged one: it is left, and its service too', async () => {
    const world = await cutOff('daemon-reload');
    const manifest = join(world.backupDir, 'changes', PENDING, 'manifest.json');
    const text = readFileSync(manifest, 'utf8');
    rmSync(manifest);
    symlinkSync('manifest.json', manifest);
    const recovery = await recover(world.deps());
    assert.match(
      recovery.faults[0] ?? '',
      /cannot be read now \(.*ELOOP.*the next run tries again/,
    );
    assert.deepEqual([recovery.blocked, names(world)], [['web.service'], [PENDING]]);
    assert.equal(whyBlocked(recovery, 'other.service'), null);
    rmSync(manifest);
    writeFileSync(manifest, text);
    assert.equal((await recover(world.deps())).outcomes[0]?.result, 'undone');
  });

  test('a change that has ended is not taken back because its end cannot be noted', async () => {
    const world = await cutOff('finish');
    const deps = world.deps();
    deps.record = () => {
      throw new Error('no room');
    };
    const [outcome] = (await recover(deps)).outcomes;
    assert.equal(outcome?.result, 'applied');
    assert.match(outcome.sentence, /its end could not be recorded: no room; the next run does so/);
    assert.deepEqual([world.declared(), names(world)], [4, [PENDING]]);
    assert.equal((await recover(world.deps())).outcomes[0]?.result, 'applied');
    assert.deepEqual(names(world), ['000001-web.service']);
  });

  test('a broken record does not keep the others from being recovered', async () => {
    const world = await cutOff('daemon-reload');
    mkdirSync(join(world.backupDir, 'changes', '000000-a.service.pending'));
    const { faults, outcomes } = await recover(world.deps());
    assert.deepEqual([faults.length, outcomes[0]?.result], [1, 'undone']);
    assert.equal(readFileSync(world.unitPath, 'utf8'), UNIT);
  });

  test('what cannot be put back now stays in the journal and is tried again', async () => {
    const world = await cutOff('daemon-reload');
    const deps = world.deps();
    const { enforce } = deps.target;
    deps.target.enforce = () => Promise.reject(new Error('no bus'));
    const first = await recover(deps);
    assert.equal(first.outcomes[0]?.result, 'failed');
    assert.match(first.outcomes[0].sentence, /rolling it back failed too: no bus/);
    assert.deepEqual(first.blocked, ['web.service']);
    deps.target.enforce = enforce;
    assert.equal((await recover(deps)).outcomes[0]?.result, 'undone');
  });

  test('a service that is down since systemctl could not be run is brought up by the next run', async () => {
    const world = newWorld();
    world.update({ brokenWith: 4 });
    const deps = world.deps();
    const { restart } = deps.target;
    let restarts = 0;
    deps.target.restart = (service) =>
      ++restarts === 2
        ? Promise.reject(new NoAnswer(EXIT.failed, 'systemctl restart: spawn EIO'))
        : restart(service);
    const first = await applyPlan(world.plan(4), deps);
    assert.match(first.sentence, /rolling it back failed too: systemctl restart: spawn EIO/);
    assert.deepEqual([world.state.active, names(world)], [false, [PENDING]]);
    const [outcome] = (await recover(deps)).outcomes;
    assert.equal(outcome?.result, 'undone');
    assert.deepEqual([world.state.active, world.state.running, world.declared()], [true, 2, 2]);
  });

  test('restarted with the new number before the run died: finished, not restarted again', async () => {
    const world = await cutOff('verify');
    const { outcomes } = await recover(world.deps());
    assert.deepEqual([outcomes[0]?.result, world.state.restarts], ['applied', 1]);
  });
});

test('what of the journal cannot be read is told, with its place', async () => {
  const world = newWorld();
  assert.deepEqual(await listUnreadable(world.backupDir), []);
  const folder = join(world.backupDir, 'changes', '000007-web.service');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'manifest.json'), '{"v":3}');
  const [sentence, ...more] = await listUnreadable(world.backupDir);
  assert.match(sentence ?? '', /000007-web.service: this change was made by a newer autoscaler/);
  assert.deepEqual(more, []);
});
