import { after, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { openSideBySide } from '../../../src/act/side-by-side.ts';
import type { ActDeps } from '../../../src/act/ports.ts';
import { finishDrains } from '../../../src/commands/run/finish-drains.ts';
import { readPhase } from '../../../src/host/phase.ts';
import type { Scenario } from '../../act/scenarios.ts';
import { Worlds } from '../../act/worlds.ts';

const root = mkdtempSync(join(tmpdir(), 'autoscaler-drains-'));
after(() => rmSync(root, { recursive: true, force: true }));

const CELERY: Scenario = { name: 'Celery', state: { kind: 'celery' }, how: 'splice', to: 4 };

/** Celery services that were asked to finish their tasks, each of which needs that many looks more. */
async function drain(looks: number[]) {
  const worlds = new Worlds(
    mkdtempSync(join(root, 'worlds-')),
    looks.map(() => CELERY),
  ).create();
  const deps = worlds.deps();
  const { terminate } = deps.processes;
  deps.processes.terminate = (process, group) => {
    const isSent = terminate(process, group);
    for (const [index, world] of worlds.all.entries()) {
      if (world.state.drainLooks !== null) world.update({ drainLooks: looks[index] ?? 0 });
    }
    return isSent;
  };
  const impatient = { ...deps, timing: { ...deps.timing, drainMs: 0 } };
  const outcomes = await worlds.apply(impatient);
  assert.deepEqual(
    outcomes.map(({ result }) => result),
    looks.map(() => 'draining'),
  );
  const finish = async (ownDeps: ActDeps, untilMs: number): Promise<string[]> => {
    // one place alone: what waits must not hold it
    const means = {
      deps: ownDeps,
      beside: openSideBySide({ places: 1 }),
      log: pino({ level: 'silent' }),
    };
    const services = new Set(worlds.all.map(({ service }) => service));
    const ended = await finishDrains(services, untilMs, means);
    return ended.map(({ service, result }) => `${service} ${result}`).sort();
  };
  const pending = (): string[] =>
    readdirSync(join(worlds.all[0]!.backupDir, 'changes')).filter((name) =>
      name.endsWith('.pending'),
    );
  return { worlds, deps, finish, pending };
}

describe('finishDrains', () => {
  test('all are waited for at once; those that need too long are left to the next run', async () => {
    const { worlds, deps, finish, pending } = await drain([20, 1e9, 20]);
    const untilMs = deps.monotonicMs() + 60_000;
    assert.deepEqual(await finish(deps, untilMs), ['web0.service applied', 'web2.service applied']);
    assert.deepEqual(
      worlds.all.map(({ state }) => state.running),
      [4, 2, 4],
    );
    assert.deepEqual(
      pending().map((name) => name.replace(/^\d+-/, '')),
      ['web1.service.pending'],
    );
    assert.equal(worlds.readHistory().length, 2);
  });

  test('the watchdog sees that it goes on: tasks may take longer than any phase', async () => {
    const { deps, finish } = await drain([20]);
    let before = readPhase().entered;
    let looks = 0;
    const sleep = (ms: number): Promise<void> => {
      const { entered: now, changing } = readPhase();
      assert.ok(changing > 0 || now > before, `look ${looks} is in the phase of the one before`);
      before = now;
      looks += 1;
      return deps.sleep(ms);
    };
    await finish({ ...deps, sleep }, Infinity);
    assert.ok(looks >= 20, `${looks} looks`);
  });

  test('a run that is asked to end waits for none', async () => {
    const { deps, finish, pending } = await drain([1e9, 1e9]);
    assert.deepEqual(await finish({ ...deps, interruptedMs: () => 0 }, Infinity), []);
    assert.equal(pending().length, 2);
  });

  test('drain_timeout_minutes is over meanwhile: that is dealt with, not waited for', async () => {
    const { deps, finish } = await drain([1e9]);
    const announced: string[] = [];
    const strict: ActDeps = {
      ...deps,
      drainTimeoutMs: () => 10_000,
      announce: (_, sentence) => announced.push(sentence),
    };
    assert.deepEqual(await finish(strict, deps.monotonicMs() + 60_000), []);
    assert.match(announced.join(), /2 → 4 is aborted/);
  });
});
