import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { listFinished } from '../../src/act/journal.ts';
import { UNIT, World, type WorldState } from './world.ts';

const folder = mkdtempSync(join(tmpdir(), 'autoscaler-crash-'));
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

interface Scenario {
  name: string;
  state: Partial<WorldState>;
  how: 'splice' | 'drop_in';
  to: number;
}

const SCENARIOS: Scenario[] = [
  { name: 'Gunicorn, number in the unit', state: {}, how: 'splice', to: 4 },
  { name: 'Gunicorn, new drop-in', state: {}, how: 'drop_in', to: 4 },
  { name: 'Gunicorn that fails with 4', state: { brokenWith: 4 }, how: 'splice', to: 4 },
  { name: 'Celery, drained', state: { kind: 'celery' }, how: 'splice', to: 4 },
  {
    name: 'Celery that fails with 4',
    state: { kind: 'celery', brokenWith: 4 },
    how: 'drop_in',
    to: 4,
  },
  { name: 'a service that is stopped', state: { active: false, running: 0 }, how: 'splice', to: 4 },
];

describe('killed at any step of a change, and again at any step of the recovery', () => {
  for (const scenario of SCENARIOS) {
    test(scenario.name, async () => {
      const whole = await inWorld(scenario, async (world) => {
        const steps = await act(world, scenario, null);
        assertConsistent(world, scenario, 'no crash');
        return steps ?? [];
      });
      assert.ok(whole.length >= 7, `steps: ${whole.join(', ')}`);
      const numbers = whole.map((_, index) => index + 1);
      // two at a time: as many as the smallest machine has processors
      await Promise.all(
        [0, 1].map((lane) =>
          runLane(
            scenario,
            whole,
            numbers.filter((n) => n % 2 === lane),
          ),
        ),
      );
    });
  }
});

async function runLane(scenario: Scenario, names: string[], numbers: number[]): Promise<void> {
  for (const at of numbers) {
    for (let again = 1, isThrough = false; !isThrough; again += 1) {
      isThrough = await inWorld(scenario, async (world) => {
        const where = `killed before "${names[at - 1]}", then before step ${again} of the recovery`;
        assert.equal(await act(world, scenario, at), null, 'it was to be killed');
        const steps = await recoverOnce(world, again);
        // the recovery that was killed is recovered from
        if (steps === null) await recoverOnce(world, null);
        assertConsistent(world, scenario, where);
        return steps !== null;
      });
    }
  }
}

function assertConsistent(world: World, { to, how, state }: Scenario, where: string): void {
  const { loaded, running, active, brokenWith } = world.state;
  const declared = world.declared();
  const expected = brokenWith === null ? [2, to] : [2];
  assert.ok(declared !== null && expected.includes(declared), `${where}: declared ${declared}`);
  const changed = declared === to;
  const text = UNIT.replace('workers 2', `workers ${changed && how === 'splice' ? to : 2}`);
  assert.equal(readFileSync(world.unitPath, 'utf8'), text, where);
  assert.equal(statSync(world.unitPath).mode & 0o777, 0o640, where);
  assert.equal(existsSync(world.dropInPath), changed && how === 'drop_in', where);
  assert.equal(loaded, declared, `${where}: systemd has loaded what the files say`);
  if (state.active === false) assert.equal(active, false, `${where}: a stopped service stays so`);
  else assert.deepEqual([active, running], [true, declared], `${where}: it runs as declared`);
  const left = readdirSync(join(world.root, 'units')).filter((name) => !name.startsWith('web'));
  assert.deepEqual(left, [], `${where}: no temporary file is left`);
  if (!changed) assert.equal(existsSync(join(world.dropInPath, '..')), false, where);
  const journal = join(world.backupDir, 'changes');
  const changes = existsSync(journal) ? readdirSync(journal) : [];
  assert.deepEqual(
    changes.filter((name) => /pending|new|broken|tmp/.test(name)),
    [],
    `${where}: nothing is left in the journal`,
  );
}

async function inWorld<T>(scenario: Scenario, use: (world: World) => Promise<T>): Promise<T> {
  const root = mkdtempSync(join(folder, 'world-'));
  const world = new World(root).create(scenario.state);
  const result = await use(world);
  const outcomes = (await listFinished(world.backupDir)).map(({ outcome }) => outcome?.result);
  const applied = world.declared() === scenario.to;
  assert.ok(outcomes.length <= 1);
  if (outcomes.length === 1) assert.equal(outcomes[0], applied ? 'applied' : 'undone');
  rmSync(root, { recursive: true });
  return result;
}

function act(
  world: World,
  { how, to }: Scenario,
  crashAt: number | null,
): Promise<string[] | null> {
  return run([world.root, 'apply', String(crashAt ?? '-'), how, String(to)]);
}

function recoverOnce(world: World, crashAt: number | null): Promise<string[] | null> {
  return run([world.root, 'recover', String(crashAt ?? '-')]);
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
