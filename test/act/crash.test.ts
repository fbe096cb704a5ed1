import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { applyPlan } from '../../src/act/apply.ts';
import { recover } from './journal/recover-all.ts';
import { assertConsistent, FAILING, SCENARIOS, TOGETHER, type Scenario } from './scenarios.ts';
import { World } from './world.ts';
import { Worlds } from './worlds.ts';

// in memory where possible: each step forces the disk
const folder = mkdtempSync(
  join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'autoscaler-crash-'),
);
const driver = join(folder, 'driver.mjs');

before(async () => {
  await build({
    ...{ entryPoints: [join(import.meta.dirname, 'crash-driver.ts')], outfile: driver },
    ...{ bundle: true, platform: 'node', format: 'esm', target: 'node20', logLevel: 'error' },
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
});
after(() => rmSync(folder, { recursive: true, force: true }));

describe('killed at any step of a change', () => {
  for (const scenario of SCENARIOS.filter(({ realKills }) => realKills)) {
    test(`${scenario.name}: the next run finishes or undoes it`, async () => {
      const { world, steps } = await runWhole(scenario);
      assertConsistent(world, scenario, 'no crash');
      assert.ok(steps.length >= 7, `steps: ${steps.join(', ')}`);
      for (const [index, name] of steps.entries()) {
        const crashed = newWorld(scenario);
        assert.equal(await act(crashed, scenario, index + 1), null, 'it was to be killed');
        await recover(crashed.deps());
        assertConsistent(crashed, scenario, `killed before "${name}"`);
        rmSync(crashed.root, { recursive: true });
      }
    });
  }
});

describe('the recovery killed too, at any step, and its recovery, to any depth', () => {
  for (const scenario of SCENARIOS) {
    test(scenario.name, async () => {
      const world = newWorld(scenario);
      const images = new Images(world.root);
      await applyPlan(
        world.plan(scenario.to, scenario.how),
        world.deps(() => images.take()),
      );
      // what is on disk at a step is what a kill there leaves: each such image is recovered from
      for (let image = images.next(); image !== null; image = images.next()) {
        images.restore(image);
        await recover(world.deps(() => images.take()));
        assertConsistent(world, scenario, `from ${image}`);
      }
      assert.ok(images.count >= 6, `${images.count} different images`);
    });
  }

  test('by real kills: each recovery gets one step further than the one before', async () => {
    const scenario: Scenario = { ...FAILING, name: 'failing' };
    const { steps } = await runWhole(scenario);
    const world = newWorld(scenario);
    await act(world, scenario, steps.indexOf('undo: daemon-reload') + 1);
    let kills = 0;
    while ((await run([world.root, 'recover', String(kills + 1)])) === null) kills += 1;
    assert.ok(kills >= 4, `${kills} kills`);
    assertConsistent(world, scenario, `${kills} kills`);
  });
});

describe('three changes under way at once', () => {
  test('killed at any step: the next run recovers all of them, and each is noted once', async () => {
    const whole = newWorlds();
    const steps = (await run([whole.root, 'apply-all', '-'])) ?? [];
    assertAllConsistent(whole, 'no crash');
    assert.ok(steps.length >= 30, `steps: ${steps.join(', ')}`);
    let most = 0;
    for (const [index, name] of steps.entries()) {
      const crashed = newWorlds();
      assert.equal(await run([crashed.root, 'apply-all', String(index + 1)]), null);
      most = Math.max(most, countPending(crashed.root));
      await recover(crashed.worlds.deps());
      assertAllConsistent(crashed, `killed before step ${index + 1}, in the first run "${name}"`);
      rmSync(crashed.root, { recursive: true });
    }
    assert.equal(most, 3, 'all of them were under way');
  });

  test('the recovery of all of them killed too, at any step', async () => {
    const host = await killAllUnderWay();
    const images = new Images(host.root, false);
    await recover(host.worlds.deps(() => images.take()));
    assertAllConsistent(host, 'not killed');
    for (let image = images.next(); image !== null; image = images.next()) {
      images.restore(image);
      await recover(host.worlds.deps());
      assertAllConsistent(host, `from ${image}`);
    }
    assert.ok(images.count >= 15, `${images.count} different images`);
  });
});

interface Host {
  root: string;
  worlds: Worlds;
}

/** A host whose three changes are all under way when it is killed: how they alternate is another time another. */
async function killAllUnderWay(): Promise<Host> {
  const steps = (await run([newWorlds().root, 'apply-all', '-'])) ?? [];
  for (let at = Math.floor(steps.length / 2); at > 0; at--) {
    const host = newWorlds();
    await run([host.root, 'apply-all', String(at)]);
    if (countPending(host.root) === 3) return host;
  }
  return assert.fail('at no step all of them were under way');
}

function newWorlds(): Host {
  const root = mkdtempSync(join(folder, 'worlds-'));
  return { root, worlds: new Worlds(root, TOGETHER).create() };
}

function countPending(root: string): number {
  const journal = join(root, 'backups', 'changes');
  const names = existsSync(journal) ? readdirSync(journal) : [];
  return names.filter((name) => name.endsWith('.pending')).length;
}

/** Each as before its change or as after it, and the history with each ended change once. */
function assertAllConsistent({ root, worlds }: Host, where: string): void {
  for (const [index, world] of worlds.all.entries()) {
    assertConsistent(world, TOGETHER[index]!, `${world.service}, ${where}`);
  }
  const journal = join(root, 'backups', 'changes');
  const ended = (existsSync(journal) ? readdirSync(journal) : []).map((name) => {
    const text = readFileSync(join(journal, name, 'manifest.json'), 'utf8');
    const { id, outcome } = JSON.parse(text) as { id: string; outcome: { result: string } };
    assert.equal(id, name);
    return `${id} ${outcome.result}`;
  });
  assert.deepEqual(worlds.readHistory().sort(), ended.sort(), where);
  const numbers = ended.map((change) => Number.parseInt(change, 10));
  assert.equal(new Set(numbers).size, numbers.length, `${where}: a number for each`);
}

/** The different states of a folder, each copied once. */
class Images {
  private readonly seen = new Set<string>();
  private readonly waiting: string[] = [];
  private readonly root: string;
  /** whether states that differ in what is random alone are one */
  private readonly isMerging: boolean;

  constructor(root: string, isMerging = true) {
    this.root = root;
    this.isMerging = isMerging;
  }

  get count(): number {
    return this.seen.size;
  }

  take(): void {
    const print = this.isMerging ? fingerprint(this.root) : String(this.seen.size);
    if (this.seen.has(print)) return;
    this.seen.add(print);
    const image = `${this.root}.image-${this.seen.size}`;
    cpSync(this.root, image, { recursive: true });
    this.waiting.push(image);
  }

  next(): string | null {
    return this.waiting.shift() ?? null;
  }

  restore(image: string): void {
    rmSync(this.root, { recursive: true });
    cpSync(image, this.root, { recursive: true });
  }
}

/** Names and contents of all files, but for what is random and for counters that only grow. */
function fingerprint(root: string): string {
  const { generation, ...state } = new World(root).state;
  const isFirst = generation === 1;
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const text = entry.isFile() ? readFileSync(path, 'latin1') : '';
      if (entry.name === 'world.json') return JSON.stringify({ ...state, isFirst, restarts: 0 });
      const relative = text
        .replace(/"pid": \d+/, '')
        .replace(
          /"start_ticks": (\d+)/,
          (_, ticks) => `"of this start": ${Number(ticks) === generation}`,
        );
      return `${path.replace(/-[0-9a-f]{16}/, '')}\n${relative}`;
    })
    .sort()
    .join('\n');
}

function newWorld(scenario: Scenario): World {
  return new World(mkdtempSync(join(folder, 'world-'))).create(scenario.state);
}

async function runWhole(scenario: Scenario): Promise<{ world: World; steps: string[] }> {
  const world = newWorld(scenario);
  return { world, steps: (await act(world, scenario, null)) ?? [] };
}

function act(
  world: World,
  { how, to }: Scenario,
  crashAt: number | null,
): Promise<string[] | null> {
  return run([world.root, 'apply', String(crashAt ?? '-'), how, String(to)]);
}

/** The steps that were made; null: it was killed. */
function run(args: string[]): Promise<string[] | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [driver, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let errors = '';
    child.stdout.on('data', (data: Buffer) => (output += data.toString()));
    child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
    child.on('close', (code, signal) => {
      if (signal === 'SIGKILL') resolve(null);
      else if (code === 0) resolve(JSON.parse(output) as string[]);
      else reject(new Error(`${args.join(' ')}: ${errors}`));
    });
  });
}
