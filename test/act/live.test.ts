import { celeryPorts } from '../../src/kinds/celery/ports.ts';
import { gunicornPorts } from '../../src/kinds/gunicorn/ports.ts';
import { portOf } from '../../src/kinds/shared/port-of.ts';
import { after, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyPlan } from '../../src/act/apply.ts';
import { recover } from './journal/recover-all.ts';
import type { Plan } from '../../src/act/types.ts';
import { UNIT, World, type WorldState } from './world.ts';

const root = mkdtempSync(join(tmpdir(), 'autoscaler-live-'));
after(() => rmSync(root, { recursive: true, force: true }));

function newWorld(state: Partial<WorldState> = {}): World {
  return new World(mkdtempSync(join(root, 'world-'))).create(state);
}

function livePlan(world: World, to: number, apply: Plan['apply'] = 'live'): Plan {
  return { ...world.plan(to), apply, resize: 'live' };
}

function healPlan(world: World, from: number, to: number): Plan {
  return { ...livePlan(world, to), action: 'heal', from, files: [] };
}

class Died extends Error {}

for (const kind of ['gunicorn', 'celery'] as const) {
  describe(`apply mode live, ${kind}`, () => {
    for (const to of [1, 4]) {
      test(`2 → ${to}: the unit, systemd and the pool agree, and nothing is restarted`, async () => {
        const world = newWorld({ kind });
        const outcome = await applyPlan(livePlan(world, to), world.deps());
        const { running, loaded, restarts } = world.state;
        assert.deepEqual([outcome.result, running, loaded, restarts], ['applied', to, to, 0]);
      });
    }

    test('killed at any step: the next run finishes or undoes it, without a restart', async () => {
      for (let at = 0; ; at++) {
        const world = newWorld({ kind });
        let steps = 0;
        // whatever is tried from this step on fails too, so that nothing is undone: a death
        const deps = world.deps(() => {
          if (steps++ >= at) throw new Died();
        });
        const outcome = await applyPlan(livePlan(world, 5), deps).catch(() => null);
        if (outcome?.result === 'applied') break;
        await recover(world.deps());
        const { running, loaded, restarts } = world.state;
        assert.deepEqual(
          [running, loaded, restarts],
          [world.declared(), world.declared(), 0],
          `${at}`,
        );
        const changes = join(world.backupDir, 'changes');
        const left = existsSync(changes) ? readdirSync(changes) : [];
        assert.deepEqual(
          left.filter((name) => /pending|new/.test(name)),
          [],
          `step ${at}`,
        );
      }
    });

    test('a heal changes no file; one that is not needed does nothing', async () => {
      const world = newWorld({ kind, running: 5 });
      const outcome = await applyPlan(healPlan(world, 5, 2), patient(world));
      assert.deepEqual([outcome.result, world.state.running], ['applied', 2]);
      assert.equal(readFileSync(world.unitPath, 'utf8'), UNIT);
      const again = await applyPlan(healPlan(world, 5, 2), patient(world));
      assert.match(again.held ?? '', /on their way/);
    });

    test('a service that was just started is not healed', async () => {
      const world = newWorld({ kind, running: 5 });
      const outcome = await applyPlan(healPlan(world, 5, 2), world.deps());
      assert.deepEqual([outcome.held, world.state.running], ['it has just been started', 5]);
    });
  });
}

/** The deps of a world that has been up for long. */
function patient(world: World): ReturnType<World['deps']> {
  const deps = world.deps();
  const { monotonicMs } = deps;
  return { ...deps, monotonicMs: () => monotonicMs() + 1_000_000 };
}

describe('Celery', () => {
  test('busy processes stay for now: applied, and a later run brings the pool down', async () => {
    const world = newWorld({ kind: 'celery', running: 6, busy: 4 });
    const outcome = await applyPlan({ ...livePlan(world, 1), from: 6 }, world.deps());
    assert.deepEqual([outcome.result, outcome.running, world.declared()], ['applied', 4, 1]);
    assert.match(outcome.sentence, /3 of them still busy/);
    const before = world.recorded.length;
    const busy = await applyPlan(healPlan(world, 4, 1), patient(world));
    assert.deepEqual([busy.running, busy.changeId], [4, null]);
    assert.equal(world.recorded.length, before, 'what had no effect is no part of the history');
    world.update({ busy: 0 });
    const outcome2 = await applyPlan(healPlan(world, 4, 1), patient(world));
    assert.deepEqual([outcome2.result, world.state.running], ['applied', 1]);
  });

  test('nobody answers: restarted, with the reason', async () => {
    const world = newWorld({ kind: 'celery', deaf: true });
    const outcome = await applyPlan(livePlan(world, 4), world.deps());
    assert.deepEqual([outcome.result, world.state.restarts], ['applied', 1]);
    assert.match(outcome.obstacle ?? '', /does not answer to remote control/);
  });

  test('nobody answers and a restart is not allowed: nothing is touched', async () => {
    const world = newWorld({ kind: 'celery', deaf: true });
    const outcome = await applyPlan(livePlan(world, 4, 'live-only'), world.deps());
    assert.deepEqual([outcome.result, world.state.restarts], ['refused', 0]);
    assert.equal(readFileSync(world.unitPath, 'utf8'), UNIT);
  });

  const silent: [string, to: number, result: string, workers: number, says: RegExp][] = [
    ['to grow', 4, 'undone', 2, /asked for 2 more processes, has not answered/],
    ['to shrink', 1, 'applied', 1, /1 of them still busy, ending in a later run/],
  ];
  for (const [name, to, result, workers, says] of silent) {
    test(`the demand ${name} is taken and not acted on: it is not made twice`, async () => {
      const world = newWorld({ kind: 'celery' });
      const deps = world.deps();
      const { control } = portOf(celeryPorts, deps);
      const { ask } = control;
      const demands: string[] = [];
      control.ask = (service, node, command) => {
        if (command.method === 'stats') return ask(service, node, command);
        demands.push(command.method);
        return Promise.resolve({ replies: [] });
      };
      const outcome = await applyPlan(livePlan(world, to), deps);
      assert.deepEqual([outcome.result, world.declared(), demands.length], [result, workers, 1]);
      assert.match(outcome.sentence, says);
      assert.deepEqual([world.state.running, world.state.restarts], [2, 0]);
    });
  }

  test('the broker cannot be asked: refused, because nothing is known', async () => {
    const world = newWorld({ kind: 'celery' });
    const deps = world.deps();
    portOf(celeryPorts, deps).control.ask = () =>
      Promise.resolve({ error: 'redis at h:1: nothing is listening there' });
    const outcome = await applyPlan(livePlan(world, 4), deps);
    assert.deepEqual([outcome.result, outcome.obstacle], ['refused', undefined]);
    assert.match(outcome.sentence, /nothing is listening there/);
  });
});

describe('Gunicorn', () => {
  test('a master that would be stopped by the signal gets none: undone', async () => {
    const world = newWorld();
    const deps = world.deps();
    portOf(gunicornPorts, deps).signalMaster = () => 'deaf';
    const outcome = await applyPlan(livePlan(world, 4), deps);
    assert.deepEqual([outcome.result, world.declared(), world.state.restarts], ['undone', 2, 0]);
    assert.match(outcome.sentence, /would be stopped by it/);
  });

  test('a worker that has a request to finish is not asked for twice', async () => {
    const world = newWorld({ running: 4 });
    const deps = world.deps();
    const sent: string[] = [];
    // they never end
    portOf(gunicornPorts, deps).signalMaster = (_master, _group, signal) => {
      sent.push(signal);
      return 'sent';
    };
    const alive = { ...deps.processes, isAlive: () => true };
    const outcome = await applyPlan(
      { ...livePlan(world, 2), from: 4 },
      { ...deps, processes: alive },
    );
    assert.deepEqual([outcome.result, outcome.running], ['applied', 4]);
    assert.match(outcome.sentence, /2 of them still finishing requests/);
    const later = { ...patient(world), processes: alive };
    const heal = await applyPlan(healPlan(world, 4, 2), later);
    assert.deepEqual([heal.held !== undefined, sent], [true, ['SIGTTOU', 'SIGTTOU']]);
  });
});
