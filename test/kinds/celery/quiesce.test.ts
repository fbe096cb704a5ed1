import { celeryPorts } from '../../../src/kinds/celery/ports.ts';
import type { RemoteControl } from '../../../src/kinds/celery/remote-control.ts';
import { portOf } from '../../../src/kinds/shared/port-of.ts';
import { after, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyPlan } from '../../../src/act/apply.ts';
import { recover } from '../../act/journal/recover-all.ts';
import type { ActDeps } from '../../../src/act/ports.ts';
import type { Outcome } from '../../../src/act/types.ts';
import { World, type WorldState } from '../../act/world.ts';

const root = mkdtempSync(join(tmpdir(), 'autoscaler-quiesce-'));
after(() => rmSync(root, { recursive: true, force: true }));

interface Seen {
  outcome: Outcome;
  /** commands and the signal, in their order; repeated looks once */
  order: string[];
  /** of the moment of the signal */
  atSignal: WorldState[];
  world: World;
}

function controlOf(deps: ActDeps): RemoteControl {
  return portOf(celeryPorts, deps).control;
}

/** A change of a Celery worker by restart, with what is said to the worker. */
async function change(
  state: Partial<WorldState>,
  { control: other, ...more }: Partial<ActDeps> & { control?: Partial<RemoteControl> } = {},
): Promise<Seen> {
  const world = new World(mkdtempSync(join(root, 'world-'))).create({ kind: 'celery', ...state });
  const deps = { ...world.deps(), ...more };
  const order: string[] = [];
  const atSignal: WorldState[] = [];
  const control = Object.assign(controlOf(deps), other);
  const { ask } = control;
  control.ask = (service, node, command) => {
    const { queue } = command.arguments;
    const told = queue === undefined ? command.method : `${command.method} ${queue}`;
    if (order.at(-1) !== told) order.push(told);
    return ask(service, node, command);
  };
  const { terminate } = deps.processes;
  deps.processes.terminate = (...about) => {
    order.push('SIGTERM');
    atSignal.push(world.state);
    return terminate(...about);
  };
  return { outcome: await applyPlan(world.plan(4), deps), order, atSignal, world };
}

const QUIET = ['stats', 'active_queues', 'cancel_consumer celery', 'cancel_consumer mail'];

describe('a Celery worker before it is asked to end', () => {
  test('takes nothing more, and has begun what it took', async () => {
    const { outcome, order, atSignal, world } = await change({ taken: 7 });
    assert.deepEqual(order, [...QUIET, 'reserved', 'SIGTERM']);
    const [{ consuming, taken } = world.state] = atSignal;
    assert.deepEqual([atSignal.length, consuming, taken], [1, [], 0]);
    assert.deepEqual([outcome.result, world.state.running], ['applied', 4]);
    assert.deepEqual(world.state.consuming, ['celery', 'mail'], 'the new one takes again');
  });

  test('tasks that do not begin soon: the signal, and a message that makes it notice', async () => {
    const { outcome, order, atSignal } = await change({ taken: 1000 });
    assert.deepEqual(order, [...QUIET, 'reserved', 'SIGTERM', 'ping']);
    assert.ok((atSignal[0]?.taken ?? 0) > 900);
    assert.equal(outcome.result, 'applied');
  });

  test('a pop that is under way is waited for, although nothing is taken', async () => {
    let now = 0;
    const clock: number[] = [];
    const { order } = await change(
      {},
      {
        monotonicMs: () => now,
        sleep: (ms) => Promise.resolve(void (clock.push(now), (now += ms))),
      },
    );
    assert.deepEqual(order, [...QUIET, 'reserved', 'SIGTERM']);
    assert.ok(clock.some((at) => at >= 1000));
  });

  test('remote control switched off, no broker_url, no name: the signal at once', async () => {
    for (const { state, more, asked } of [
      { state: { deaf: true }, more: {}, asked: ['stats'] },
      { state: {}, more: { brokerOf: () => null }, asked: [] },
      { state: {}, more: { control: { nodeOf: () => null } }, asked: [] },
    ]) {
      const { outcome, order } = await change(state, more);
      assert.deepEqual([outcome.result, order], ['applied', [...asked, 'SIGTERM']]);
    }
  });

  test('a broker that cannot be asked, then or in between, is no reason not to go on', async () => {
    for (const fine of [0, 1, 2, 3, 4]) {
      const world = new World(mkdtempSync(join(root, 'world-'))).create({ kind: 'celery' });
      const deps = world.deps();
      const control = controlOf(deps);
      const { ask } = control;
      let asked = 0;
      control.ask = (...about) =>
        ++asked > fine ? Promise.resolve({ error: 'nothing is listening there' }) : ask(...about);
      const outcome = await applyPlan(world.plan(4), deps);
      assert.deepEqual(
        [outcome.result, world.state.running, asked],
        ['applied', 4, fine + 1],
        `${fine}`,
      );
    }
  });

  test('another worker answers to the name, or two do: nobody is told anything', async () => {
    for (const replies of [[{ pid: 99 }], [{ pid: 1 }, { pid: 99 }]]) {
      const ask = (): Promise<{ replies: unknown[] }> => Promise.resolve({ replies });
      const { order } = await change({}, { control: { ask } });
      assert.deepEqual(order, ['stats', 'SIGTERM']);
    }
  });

  test('somebody answers in its place: however many queues he names, the signal comes', async () => {
    for (const [queues, left, msEach] of [
      [Array.from({ length: 10_000 }, (_, i) => ({ name: `q${i}` })), 100, 1],
      [Array.from({ length: 100 }, (_, i) => ({ name: `q${i}` })), 3, 3000],
      [[5, null, { name: 5 }, { name: 'q' }, 'q', [1]], 1, 1],
      ['q', 0, 1],
      [{ length: 1e9 }, 0, 1],
    ] as const) {
      const world = new World(mkdtempSync(join(root, 'world-'))).create({ kind: 'celery' });
      const deps = world.deps();
      const control = controlOf(deps);
      const { ask } = control;
      const order: string[] = [];
      let now = 0;
      control.ask = (service, node, command) => {
        now += msEach;
        order.push(command.method);
        if (command.method === 'stats') return ask(service, node, command);
        return Promise.resolve({ replies: [command.method === 'active_queues' ? queues : []] });
      };
      const outcome = await applyPlan(world.plan(4), {
        ...{ ...deps, monotonicMs: () => now },
        sleep: (ms) => Promise.resolve(void (now += ms)),
      });
      assert.equal(order.filter((method) => method === 'cancel_consumer').length, left);
      assert.equal(outcome.result, 'applied');
    }
  });

  test('killed while it begins what it took: the next run goes on, with the signal', async () => {
    const world = new World(mkdtempSync(join(root, 'world-'))).create({ kind: 'celery' });
    let isDead = false;
    const die = (): never => {
      isDead = true;
      throw new Error('killed');
    };
    // whatever is tried from then on fails too, so that nothing is undone: a death
    const deps = world.deps(() => void (isDead && die()));
    deps.sleep = () => Promise.resolve().then(die);
    await applyPlan(world.plan(4), deps).catch(() => null);
    assert.deepEqual([world.state.consuming, world.state.drainLooks], [[], null]);
    const { outcomes } = await recover(world.deps());
    assert.equal(outcomes[0]?.result, 'applied');
    assert.deepEqual([world.state.running, world.state.consuming.length], [4, 2]);
  });
});
