import { after, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyPlan } from '../../src/act/apply.ts';
import { foreseeRecovery } from '../../src/act/foresee.ts';
import { recover } from './journal/recover-all.ts';
import { gunicornPorts } from '../../src/kinds/gunicorn/ports.ts';
import { portOf } from '../../src/kinds/shared/port-of.ts';
import type { ActDeps } from '../../src/act/ports.ts';
import type { Outcome } from '../../src/act/types.ts';
import { UNIT, World } from './world.ts';

const root = mkdtempSync(join(tmpdir(), 'autoscaler-waiting-'));
after(() => rmSync(root, { recursive: true, force: true }));

const PENDING = '000001-web.service.pending';
const { hurryMs } = new World(root).deps().timing;
const bootMs = 20_000;

/** A world whose application hangs while it loads, with the number of which `hangsWith` is true. */
function newWorld(hangsWith: (workers: number) => boolean) {
  const world = new World(mkdtempSync(join(root, 'world-'))).create();
  const host = { isHanging: hangsWith, bootId: 'boot', startMs: 0 };
  /** a run; time goes on from run to run */
  const startRun = (more: Partial<ActDeps> = {}): ActDeps => {
    const deps = world.deps();
    const { startMs } = host;
    portOf(gunicornPorts, deps).hasBooted = () => !host.isHanging(world.state.running);
    const monotonicMs = (): number => (host.startMs = startMs + deps.monotonicMs());
    return {
      ...{ ...deps, monotonicMs, bootId: () => host.bootId },
      ...more,
    };
  };
  const pending = (): string[] =>
    readdirSync(join(world.backupDir, 'changes')).filter((name) => name.endsWith('.pending'));
  return { world, host, startRun, pending };
}

const ALWAYS = (): boolean => true;
const WITH_FOUR = (workers: number): boolean => workers === 4;
const STOPPING = { activeState: 'deactivating', subState: 'stop-sigterm' };
const LEAVE: Partial<ActDeps> = { mayLeave: () => true };

async function recoverOne(deps: ActDeps): Promise<Outcome | undefined> {
  const { outcomes, faults } = await recover(deps);
  assert.deepEqual([outcomes.length, faults], [1, []]);
  return outcomes[0];
}

describe('a service that does not serve when the run has nothing else to do', () => {
  test('is left to the next run, which says so beforehand; it serves by then: finished, not restarted again', async () => {
    const { world, host, startRun, pending } = newWorld(WITH_FOUR);
    const outcome = await applyPlan(world.plan(4), startRun(LEAVE));
    assert.deepEqual([outcome.result, outcome.failed], ['waiting', undefined]);
    assert.match(outcome.sentence, /2 → 4: it does not serve yet; the next run continues/);
    assert.ok(host.startMs >= hurryMs && host.startMs < bootMs, `left after ${host.startMs} ms`);
    assert.deepEqual([pending(), world.declared(), world.recorded], [[PENDING], 4, []]);
    const [unfinished] = await foreseeRecovery(startRun());
    assert.equal(unfinished?.next, 'finish');
    host.isHanging = () => false;
    assert.equal((await recoverOne(startRun()))?.result, 'applied');
    assert.deepEqual([world.state.restarts, world.recorded.length, pending()], [1, 1, []]);
  });

  test('all runs together wait no longer than one would: then it is taken back', async () => {
    const { world, host, startRun, pending } = newWorld(WITH_FOUR);
    await applyPlan(world.plan(4), startRun(LEAVE));
    let outcome: Outcome | undefined;
    let runs = 0;
    do outcome = await recoverOne(startRun(LEAVE));
    while (outcome?.result === 'waiting' && ++runs < 20);
    assert.equal(outcome?.result, 'undone');
    assert.match(
      outcome.sentence,
      /4 of 4 workers do not serve yet; undone: it is as before, with 2/,
    );
    assert.ok(runs > 1, 'it was left more than once');
    assert.ok(host.startMs < bootMs + 4 * hurryMs, `it took ${host.startMs} ms`);
    assert.equal(readFileSync(world.unitPath, 'utf8'), UNIT);
    assert.deepEqual([world.state.running, world.state.restarts, pending()], [2, 2, []]);
    assert.equal(world.recorded.length, 1);
  });

  test('so is one on its way back: the next run waits on, without another restart', async () => {
    const { world, host, startRun, pending } = newWorld(ALWAYS);
    let isLeaving = false;
    const outcome = await applyPlan(world.plan(4), {
      ...startRun({ mayLeave: () => isLeaving }),
      step: (name) => (isLeaving ||= name.startsWith('undo')),
    });
    assert.deepEqual([outcome.result, outcome.failed], ['waiting', true]);
    assert.match(
      outcome.sentence,
      /4 of 4 .* its number is restored, but it does not serve yet; the next run/,
    );
    assert.equal(world.declared(), 2);
    const { restarts } = world.state;
    host.isHanging = () => false;
    assert.equal((await recoverOne(startRun()))?.result, 'undone');
    assert.deepEqual([world.state.restarts, pending()], [restarts, []]);
  });

  test('one that is left while it still stops is waited for, and not restarted again', async () => {
    const { world, host, startRun, pending } = newWorld(WITH_FOUR);
    assert.equal((await applyPlan(world.plan(4), startRun(LEAVE))).result, 'waiting');
    host.isHanging = () => false;
    const deps = startRun();
    const { readStates } = deps.target;
    let looks = 0;
    deps.target.readStates = async (units) => {
      const states = await readStates(units);
      if (++looks > 3) return states;
      return new Map([...states].map(([unit, state]) => [unit, { ...state, ...STOPPING }]));
    };
    const outcome = await recoverOne(deps);
    assert.equal(outcome?.result, 'applied', outcome?.sentence);
    assert.deepEqual([world.state.restarts, world.declared(), pending()], [1, 4, []]);
  });

  test('after another boot it is waited for again', async () => {
    const { world, host, startRun } = newWorld(WITH_FOUR);
    await applyPlan(world.plan(4), startRun(LEAVE));
    host.bootId = 'another boot';
    host.startMs = 0;
    const outcome = await recoverOne(startRun(LEAVE));
    assert.equal(outcome?.result, 'waiting');
    assert.ok(host.startMs >= hurryMs);
  });

  test('nor is a start that systemd does not come to the end of, and whose failure nobody hears of', async () => {
    const { world, startRun, pending } = newWorld(() => false);
    const deps = startRun(LEAVE);
    let fail = (): void => undefined;
    deps.target.restart = () =>
      new Promise((_, reject) => (fail = () => reject(new Error('the job was replaced'))));
    assert.equal((await applyPlan(world.plan(4), deps)).result, 'waiting');
    fail();
    assert.deepEqual(pending(), [PENDING]);
    assert.equal((await recoverOne(startRun()))?.result, 'undone', 'it never left its old process');
    assert.deepEqual([world.declared(), world.state.running], [2, 2]);
  });

  test('a run that cannot note that it leaves it takes it back', async () => {
    const { world, startRun } = newWorld(WITH_FOUR);
    const deps = startRun(LEAVE);
    deps.step = (name) => {
      if (name === 'save waiting') throw new Error('no room');
    };
    const outcome = await applyPlan(world.plan(4), deps);
    assert.equal(outcome.result, 'undone');
    assert.match(outcome.sentence, /failed: no room; undone/);
  });
});

describe('a run that is asked to end', () => {
  const ASKED: Partial<ActDeps> = { interruptedMs: () => 0 };

  test('finishes what comes to serve soon', async () => {
    const { world, startRun } = newWorld(() => false);
    assert.equal((await applyPlan(world.plan(4), startRun(ASKED))).result, 'applied');
  });

  test('takes back what does not', async () => {
    const { world, host, startRun, pending } = newWorld(WITH_FOUR);
    const outcome = await applyPlan(world.plan(4), startRun(ASKED));
    assert.equal(outcome.result, 'undone');
    assert.match(outcome.sentence, /this run was asked to stop before the service served; undone/);
    assert.ok(host.startMs < 2 * hurryMs, `${host.startMs} ms`);
    assert.deepEqual([world.state.running, pending()], [2, []]);
  });

  test('leaves what does not come back soon', async () => {
    const { world, host, startRun, pending } = newWorld(ALWAYS);
    const outcome = await applyPlan(world.plan(4), startRun(ASKED));
    assert.equal(outcome.result, 'waiting');
    assert.deepEqual([world.declared(), pending()], [2, [PENDING]]);
    assert.ok(host.startMs < 3.5 * hurryMs, `${host.startMs} ms`);
    host.isHanging = () => false;
    assert.equal((await recoverOne(startRun()))?.result, 'undone');
  });

  test('counts from that moment, not for each step of a change', async () => {
    const { world, host, startRun, pending } = newWorld(WITH_FOUR);
    const deps = startRun(ASKED);
    // each restart takes as long as it is waited for, and what is up by then does not serve
    deps.target.restart = () => new Promise(() => undefined);
    const outcome = await applyPlan(world.plan(4), deps);
    assert.equal(outcome.result, 'undone', 'its old process was never touched');
    assert.ok(host.startMs < 2 * hurryMs, `${host.startMs} ms`);
    assert.deepEqual([world.declared(), pending()], [2, []]);
  });

  test('waits no longer for what is on its way back already', async () => {
    const { world, host, startRun } = newWorld(ALWAYS);
    let askedMs: number | null = null;
    const deps = startRun({ interruptedMs: () => askedMs });
    const { restart } = deps.target;
    let restarts = 0;
    deps.target.restart = async (unit) => {
      if (++restarts === 1) return restart(unit);
      askedMs = deps.monotonicMs();
      // a stop that takes most of the time that there is
      await deps.sleep(2.5 * hurryMs);
      return restart(unit);
    };
    const outcome = await applyPlan(world.plan(4), deps);
    assert.deepEqual([outcome.result, outcome.failed], ['waiting', true]);
    const tookMs = host.startMs - askedMs!;
    assert.ok(tookMs < 3.5 * hurryMs, `${tookMs} ms`);
  });

  test('begins no recovery: those services stay blocked', async () => {
    const { world, startRun, pending } = newWorld(WITH_FOUR);
    await applyPlan(world.plan(4), startRun(LEAVE));
    const { outcomes, blocked } = await recover(startRun(ASKED));
    assert.deepEqual([outcomes, blocked, pending()], [[], ['web.service'], [PENDING]]);
  });
});

test('it is told when a change gets on: right before the service is touched, and when it serves', async () => {
  const { world, startRun } = newWorld(() => false);
  const told: string[] = [];
  await applyPlan(world.plan(4), {
    ...startRun({ getsOn: () => told.push('gets on') }),
    step: (name) => {
      if (/^(restart|verify|finish)$/.test(name)) told.push(name);
    },
  });
  assert.deepEqual(told, ['gets on', 'restart', 'verify', 'gets on', 'finish']);
});
