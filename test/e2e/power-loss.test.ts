import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { recover } from '../act/journal/recover-all.ts';
import { findDisks, type Disk, type Step, type Trees } from '../act/power-loss.ts';
import { assertConsistent, SCENARIOS, type Scenario } from '../act/scenarios.ts';
import { World } from '../act/world.ts';
import type { Call } from '../faults/slot.ts';

const folder = mkdtempSync(
  join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'autoscaler-power-'),
);
const driver = join(folder, 'driver.mjs');
const tracer = join(import.meta.dirname, '../faults/tracer.py');

before(async () => {
  await build({
    ...{ entryPoints: [join(import.meta.dirname, '../act/crash-driver.ts')], outfile: driver },
    ...{ bundle: true, platform: 'node', format: 'esm', target: 'node20', logLevel: 'error' },
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** The system calls of a whole change by the real code, and what the folders hold before each. */
function traceChange(world: World, { how, to }: Scenario): Step[] {
  const roots = rootsOf(world);
  const events = join(world.root, 'events');
  const argv = [tracer, events, 'none', ...roots, '--', process.execPath, driver];
  const { status, stderr } = spawnSync(
    '/usr/bin/python3',
    [...argv, world.root, 'apply', '-', how, String(to)],
    {
      env: { ...process.env, TREES: roots.join(':') },
      encoding: 'utf8',
    },
  );
  assert.equal(status, 0, stderr);
  const lines = readFileSync(events, 'utf8').trimEnd().split('\n');
  return lines.map((line) => {
    const values = JSON.parse(line) as [...Call, Trees];
    return { trees: values.pop() as Trees, call: values as unknown as Call };
  });
}

function rootsOf(world: World): string[] {
  return [join(world.root, 'units'), world.backupDir];
}

/** The host after the power is back: what the disk kept, another boot, services started from their files. */
function restart(world: World, { files }: Disk, { state }: Scenario): World {
  for (const root of rootsOf(world)) rmSync(root, { recursive: true, force: true });
  for (const [path, content] of files) {
    if (content === null) mkdirSync(path, { recursive: true });
    else writeFileSync(path, Buffer.from(content, 'base64'), { mode: 0o640 });
  }
  const loaded = world.declared();
  const active = state.active !== false && loaded !== world.state.brokenWith;
  const running = active ? (loaded ?? 0) : 0;
  world.update({ loaded, active, running, bound: active, drainLooks: null, generation: 77 });
  return world;
}

describe('the power is lost at any system call of a change', () => {
  for (const scenario of SCENARIOS) {
    test(`${scenario.name}: the run after the boot finishes or undoes it`, async (t) => {
      const world = new World(mkdtempSync(join(folder, 'world-'))).create(scenario.state);
      mkdirSync(world.backupDir);
      const steps = traceChange(world, scenario);
      const disks = findDisks(steps, rootsOf(world));
      for (const disk of disks) {
        restart(world, disk, scenario);
        await recover({ ...world.deps(), bootId: () => 'another boot' });
        assertConsistent(world, scenario, disk.label);
      }
      assert.ok(
        steps.length > 30 && disks.length >= 8,
        `${steps.length} calls, ${disks.length} disks`,
      );
      t.diagnostic(`${steps.length} system calls, ${disks.length} different disks`);
    });
  }
});
