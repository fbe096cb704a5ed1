import { after, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyPlan } from '../../src/act/apply.ts';
import { listFinished } from '../../src/act/journal/journal.ts';
import { recover } from './journal/recover-all.ts';
import type { ActDeps } from '../../src/act/ports.ts';
import type { Plan } from '../../src/act/types.ts';
import { UNIT, World, type WorldState } from './world.ts';

const root = mkdtempSync(join(tmpdir(), 'autoscaler-apply-'));
after(() => rmSync(root, { recursive: true, force: true }));

function newWorld(state: Partial<WorldState> = {}): World {
  return new World(mkdtempSync(join(root, 'world-'))).create(state);
}

function pendingNames(world: World): string[] {
  return readdirSync(join(world.backupDir, 'changes')).filter(
    (name) => !/^\d+-web\.service$/.test(name),
  );
}

function fail(message: string): () => Promise<never> {
  return () => Promise.reject(new Error(message));
}

describe('applyPlan', () => {
  test('applied: unit, systemd and service agree; the backup holds what was before', async () => {
    const world = newWorld();
    const outcome = await applyPlan(world.plan(4), world.deps());
    assert.deepEqual([outcome.result, outcome.running], ['applied', 4]);
    assert.equal(outcome.sentence, 'web.service: 2 → 4 workers; verified: 4 running');
    assert.equal(readFileSync(world.unitPath, 'utf8'), UNIT.replace('workers 2', 'workers 4'));
    const [change] = await listFinished(world.backupDir);
    assert.equal(change?.id, '000001-web.service');
    const copy = join(world.backupDir, 'changes', change.id, change.files[0]?.copy ?? '');
    assert.equal(readFileSync(copy, 'utf8'), UNIT);
    assert.equal(change.files[0]?.mode, 0o640);
  });

  test('the backup is there before the first byte changes', async () => {
    const world = newWorld();
    const atWrite: boolean[] = [];
    const step = (name: string): void => {
      if (name.startsWith('write temporary'))
        atWrite.push(
          existsSync(
            join(world.backupDir, 'changes', '000001-web.service.pending', 'manifest.json'),
          ),
        );
    };
    await applyPlan(world.plan(4), world.deps(step));
    assert.deepEqual(atWrite, [true]);
  });

  test('a service that does not come up with the new number is put back and proven', async () => {
    const world = newWorld({ brokenWith: 4 });
    const outcome = await applyPlan(world.plan(4), world.deps());
    assert.equal(outcome.result, 'undone');
    assert.match(
      outcome.sentence,
      /2 → 4 failed: the service is failed.*undone: it is as before, with 2/,
    );
    assert.equal(readFileSync(world.unitPath, 'utf8'), UNIT);
    assert.deepEqual([world.state.active, world.state.running, world.state.loaded], [true, 2, 2]);
  });

  test('not even the old unit comes up: failed, with what to do', async () => {
    const world = newWorld();
    const deps = world.deps();
    deps.target.restart = fail('systemctl restart web.service: no');
    const outcome = await applyPlan(world.plan(4), deps);
    assert.equal(outcome.result, 'undone', 'the service was never touched');
    const touched: ActDeps = { ...deps, target: { ...deps.target } };
    touched.target.restart = () => {
      world.update({ generation: 9, active: false, running: 0 });
      return Promise.reject(new Error('the job failed'));
    };
    const second = await applyPlan(world.plan(4), touched);
    assert.equal(second.result, 'failed');
    assert.match(
      second.sentence,
      /with the old number, the service could not be verified to serve as before: the job failed/,
    );
    assert.match(second.hint ?? '', /systemctl status web\.service/);
    assert.equal(readFileSync(world.unitPath, 'utf8'), UNIT);
  });

  test('a file that is no longer what the plan read: refused, nothing is touched', async () => {
    const world = newWorld();
    const plan = world.plan(4);
    writeFileSync(world.unitPath, 'edited');
    const outcome = await applyPlan(plan, world.deps());
    assert.equal(outcome.result, 'refused');
    assert.match(outcome.sentence, /edited by somebody else since the change was planned/);
    assert.deepEqual(
      [world.state.restarts, existsSync(join(world.backupDir, 'changes'))],
      [0, false],
    );
  });

  test('edited at the very moment of the write: refused, the edit stays, the journal forgets it', async () => {
    const world = newWorld();
    const step = (name: string): void =>
      void (name.startsWith('sync temporary') && writeFileSync(world.unitPath, 'edit'));
    const outcome = await applyPlan(world.plan(4), world.deps(step));
    assert.equal(outcome.result, 'refused');
    assert.equal(readFileSync(world.unitPath, 'utf8'), 'edit');
    assert.deepEqual(readdirSync(join(world.backupDir, 'changes')), []);
  });

  test('bytes that are no UTF-8 stay as they are', async () => {
    const world = newWorld();
    const comment = Buffer.from('# gr\xfc\xdfe\n', 'latin1');
    const latin1 = Buffer.concat([comment, Buffer.from(UNIT)]);
    writeFileSync(world.unitPath, latin1);
    const plan = world.plan(4);
    const [file] = plan.files;
    plan.files = [
      {
        path: world.unitPath,
        before: `# gr\udcfc\udcdfe\n${UNIT}`,
        after: `# gr\udcfc\udcdfe\n${file?.after}`,
      },
    ];
    const outcome = await applyPlan(plan, world.deps());
    assert.equal(outcome.result, 'applied', outcome.sentence);
    const after = Buffer.concat([comment, Buffer.from(file?.after ?? '')]);
    assert.deepEqual(readFileSync(world.unitPath), after);
  });

  test('a backup folder that cannot be made: refused, nothing is touched', async () => {
    const world = newWorld();
    writeFileSync(world.backupDir, 'a file where the folder should be');
    const outcome = await applyPlan(world.plan(4), world.deps());
    assert.match(outcome.sentence, /the backup cannot be written.*nothing was changed/);
    assert.equal(readFileSync(world.unitPath, 'utf8'), UNIT);
  });

  test('the backup folder is deleted in the middle: still undone, from memory', async () => {
    const world = newWorld({ brokenWith: 4 });
    const step = (name: string): void =>
      void (name === 'restart' && rmSync(world.backupDir, { recursive: true, force: true }));
    const outcome = await applyPlan(world.plan(4), world.deps(step));
    assert.equal(readFileSync(world.unitPath, 'utf8'), UNIT);
    assert.deepEqual([outcome.result, world.state.running], ['undone', 2]);
    assert.match(outcome.sentence, /its end could not be recorded: no such file/);
  });

  test('systemd cannot load the new unit: undone before the service is touched', async () => {
    const world = newWorld();
    const deps = world.deps();
    const { readStates } = deps.target;
    deps.target.readStates = async (names) => {
      const units = await readStates(names);
      for (const unit of units.values())
        if (world.state.loaded === 4) unit.loadState = 'bad-setting';
      return units;
    };
    const outcome = await applyPlan(world.plan(4), deps);
    assert.match(outcome.sentence, /systemd reports bad-setting; undone/);
    assert.deepEqual([world.state.restarts, world.declared()], [0, 2]);
  });

  test('a service that does not run gets its number and is not started', async () => {
    const world = newWorld({ active: false, running: 0 });
    const outcome = await applyPlan(world.plan(4), world.deps());
    assert.deepEqual(
      [outcome.result, world.state.loaded, world.state.active],
      ['applied', 4, false],
    );
  });

  for (const state of ['not-found', 'masked']) {
    test(`a unit that is ${state} since it was planned: refused, nothing is touched`, async () => {
      const world = newWorld();
      const deps = world.deps();
      const { readStates } = deps.target;
      deps.target.readStates = async (names) => {
        const units = await readStates(names);
        for (const unit of units.values()) unit.loadState = state;
        return units;
      };
      const outcome = await applyPlan(world.plan(4), deps);
      assert.equal(outcome.result, 'refused');
      assert.match(outcome.sentence, new RegExp(`systemd reports it as ${state}`));
      assert.equal(existsSync(world.backupDir), false);
    });
  }

  test('the history is told before the change leaves the journal, and once', async () => {
    const world = newWorld();
    const deps = world.deps();
    deps.record = (outcome) => {
      assert.deepEqual(pendingNames(world), ['000001-web.service.pending']);
      world.recorded.push(outcome);
    };
    await applyPlan(world.plan(4), deps);
    assert.deepEqual(
      world.recorded.map(({ result, changeId }) => [result, changeId]),
      [['applied', '000001-web.service']],
    );
  });

  test('a history that cannot be written: the change stands, the next run notes it', async () => {
    const world = newWorld();
    const deps = world.deps();
    deps.record = () => {
      throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    };
    const outcome = await applyPlan(world.plan(4), deps);
    assert.match(outcome.sentence, /4 running \(its end could not be recorded: no space left/);
    assert.deepEqual([outcome.result, world.recorded.length], ['applied', 0]);
    await recover(world.deps());
    assert.deepEqual([world.recorded.length, pendingNames(world)], [1, []]);
  });

  test('numbers of changes only grow', async () => {
    const world = newWorld();
    await applyPlan(world.plan(4), world.deps());
    mkdirSync(join(world.backupDir, 'changes', '000041-other.service'));
    const plan = world.plan(4);
    plan.files = [];
    assert.equal((await applyPlan(plan, world.deps())).changeId, '000042-web.service');
  });
});

describe('Celery', () => {
  test('is asked to finish, waited for, and started with the new number', async () => {
    const world = newWorld({ kind: 'celery' });
    const outcome = await applyPlan(world.plan(4), world.deps());
    assert.deepEqual(
      [outcome.result, world.state.running, world.state.restarts],
      ['applied', 4, 1],
    );
  });

  test('tasks that outlast the run: the change stays in the journal; later runs go on and finish', async () => {
    const world = newWorld({ kind: 'celery', drainLooks: null });
    const deps = world.deps();
    const terminated: number[] = [];
    deps.processes.terminate = ({ pid }) => {
      terminated.push(pid);
      world.update({ drainLooks: 60 });
      return true;
    };
    const first = await applyPlan(world.plan(4), deps);
    assert.equal(first.result, 'draining');
    assert.deepEqual(pendingNames(world), ['000001-web.service.pending']);
    assert.equal(world.state.running, 2, 'nobody was killed');
    const second = await recover(deps);
    assert.deepEqual(second.blocked, ['web.service']);
    const third = await recover(deps);
    assert.deepEqual([third.outcomes[0]?.result, world.state.running], ['applied', 4]);
    assert.equal(terminated.length, 1, 'one signal is enough');
  });

  test('drain_timeout_minutes is over: told first, the number goes back, no task is ended', async () => {
    const world = newWorld({ kind: 'celery', drainLooks: 60 });
    const deps = { ...world.deps(), drainTimeoutMs: () => 3_000 };
    const { terminate } = deps.processes;
    let signals = 0;
    deps.processes.terminate = (...about) => {
      signals += 1;
      return terminate(...about);
    };
    deps.announce = (service, sentence) => {
      world.announced.push(`${service} with ${world.declared()}: ${sentence}`);
    };
    const first = await applyPlan(world.plan(4), deps);
    assert.match(
      world.announced.join('\n'),
      /^web.service with 4: .*2 → 4 is aborted: .* within 0.1 m .*; the number goes back to 2\. No task is killed.*$/,
    );
    assert.deepEqual([first.result, world.declared(), world.state.loaded], ['draining', 2, 2]);
    assert.deepEqual([world.state.running, signals], [2, 1], 'the tasks go on');
    let outcome = first;
    for (let runs = 0; runs < 9 && outcome.result === 'draining'; runs++) {
      outcome = (await recover(deps)).outcomes[0] ?? outcome;
    }
    assert.match(outcome.sentence, /failed: Celery has not finished .*undone: it is as before/);
    assert.deepEqual([world.state.running, world.state.restarts, signals], [2, 1, 1]);
    assert.deepEqual([world.announced.length, world.recorded.length], [1, 1]);
  });

  test('a rollback is never given up for drain_timeout_minutes', async () => {
    const world = newWorld({ kind: 'celery', drainLooks: 12 });
    const plan: Plan = { ...world.plan(4), action: 'rollback' };
    const outcome = await applyPlan(plan, { ...world.deps(), drainTimeoutMs: () => 0 });
    assert.deepEqual([outcome.result, world.announced], ['applied', []]);
  });

  test('an interrupted run leaves the drain to the next one at once', async () => {
    const world = newWorld({ kind: 'celery' });
    const outcome = await applyPlan(world.plan(4), { ...world.deps(), interruptedMs: () => 0 });
    assert.equal(outcome.result, 'draining');
    assert.equal((await recover(world.deps())).outcomes[0]?.result, 'applied');
  });

  for (const { looks, who } of [
    { looks: 4, who: 'Restart= does it after a moment: it is not started a second time' },
    { looks: Infinity, who: 'Restart= has a long RestartSec=: it is not waited for' },
  ]) {
    test(who, async () => {
      const world = newWorld({ kind: 'celery' });
      const deps = world.deps();
      const { readStates, restart, start } = deps.target;
      let restarts = 0;
      let left = looks;
      deps.target.restart = (service) => {
        restarts += 1;
        return restart(service);
      };
      deps.target.readStates = async (services) => {
        const units = await readStates(services);
        const unit = units.get('web.service')!;
        if (unit.activeState === 'active') return units;
        if (left-- > 0) {
          const waiting = { ...unit, activeState: 'activating', subState: 'auto-restart' };
          return new Map([['web.service', waiting]]);
        }
        await start('web.service');
        return readStates(services);
      };
      const outcome = await applyPlan(world.plan(4), deps);
      assert.deepEqual([outcome.result, world.state.running], ['applied', 4]);
      assert.equal(world.state.restarts, 1);
      assert.equal(restarts, looks === Infinity ? 1 : 0, 'by us');
    });
  }

  test('Restart=always was quicker: it is not started twice', async () => {
    const world = newWorld({ kind: 'celery' });
    const deps = world.deps();
    deps.processes.terminate = () => {
      world.update({ generation: 2, running: 4 });
      return true;
    };
    const outcome = await applyPlan(world.plan(4), deps);
    assert.deepEqual([outcome.result, world.state.restarts], ['applied', 0]);
  });

  test('a main process that cannot be told gets no signal: undone', async () => {
    const world = newWorld({ kind: 'celery' });
    const deps = { ...world.deps(), findWorkerTree: () => Promise.resolve({ error: 'two mains' }) };
    const outcome = await applyPlan(world.plan(4), deps);
    assert.match(outcome.sentence, /cannot be identified with certainty \(two mains\).*undone/);
    assert.deepEqual([world.state.restarts, world.declared()], [0, 2]);
  });
});
