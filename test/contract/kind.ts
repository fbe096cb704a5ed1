import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { applyPlan } from '../../src/act/apply.ts';
import { planChange, planHeal } from '../../src/act/plan.ts';
import { propose } from '../../src/commands/init/proposal/propose.ts';
import { renderConfig } from '../../src/commands/init/proposal/render.ts';
import { checkConfig } from '../../src/config/file/check.ts';
import type { Process } from '../../src/host/proc/proc.ts';
import type { Found, Kind } from '../../src/kinds/kind.ts';
import { readProgram } from '../../src/kinds/program.ts';
import { toCommandLine } from '../../src/kinds/python.ts';
import { KINDS } from '../../src/kinds/registry.ts';
import { selectWorkerTree, type WorkerTree } from '../../src/kinds/worker-tree.ts';
import { locateWorkers } from '../../src/targets/systemd/unit-file/locate/workers.ts';
import type { Location, UnitSources } from '../../src/targets/systemd/unit-file/syntax/types.ts';
import { setNumber } from '../../src/targets/systemd/unit-file/set-number.ts';
import { World } from '../act/world.ts';
import { sourcesOf } from '../targets/systemd/unit-file/shape.ts';

/** What a kind says of itself, for the contract. */
export interface KindCase {
  /** command lines, or titles, of main processes */
  masters: string[][];
  /** of processes that belong to it and are none */
  others: string[][];
  /** commands of ExecStart, each with the number that counts in `«»` */
  commands: string[];
  /** one without a number */
  plain: string;
  /** commands of its own that run no workers */
  noWorkers: string[];
  /** the pool that it is best changed with, as its command names it; null: the default */
  pool: string | null;
}

const OWN = ['/usr/bin/python3', '/srv/shop/bin/worker.py', '-c', '2'];

/** What each kind has to pass. All of it is pure, or in a world of its own. */
export function kindContract(kind: Kind, of: KindCase): void {
  const { name, words } = kind;

  test('its name is a word for the config, and no other kind has it', () => {
    assert.match(name, /^[a-z][a-z0-9_]*$/);
    assert.equal(KINDS.filter((other) => other.name === name).length, 1);
    for (const [key, text] of Object.entries({ ...words })) assert.match(text, /^\S.*\S$/, key);
  });

  test('its main process is recognized by its command line, and by no other kind', () => {
    for (const argv of of.masters) {
      const claims = KINDS.filter(({ processes }) => processes.recognise(toCommandLine(argv)));
      assert.deepEqual([claims.map((other) => other.name)], [[name]], argv.join(' '));
      assert.equal(readProgram(argv)?.kind, name);
    }
  });

  test('what only belongs to it, names it, or is nothing at all is no main process', () => {
    const shells = of.masters.map((argv) => ['/bin/sh', '-c', argv.join(' ')]);
    for (const argv of [...of.others, ...shells, [], [''], ['/usr/bin/python3'], OWN])
      assert.equal(readProgram(argv), null, argv.join(' '));
  });

  test('its workers are the forks of its main process, wherever that stands', () => {
    for (const argv of of.masters) {
      const master = ofProcess(20, 10, argv);
      const workers = [30, 31, 32].map((pid) => ofProcess(pid, 20, argv));
      const tree = select([
        ofProcess(10, 1, ['/bin/sh', '-c', argv.join(' ')], 1),
        ...[master, ...workers],
        // what the main process, and what a worker has started
        ofProcess(40, 20, ['/usr/bin/python3', '-c', 'tracker'], 7),
        ofProcess(50, 30, argv),
      ]);
      assert.ok(!('error' in tree), argv.join(' '));
      const { masterPid, workerPids, upgrade } = tree;
      assert.deepEqual(
        [tree.kind, masterPid, workerPids, upgrade],
        [name, 20, [30, 31, 32], undefined],
      );
    }
  });

  test('a main process without workers has none; two of them are an error', () => {
    const [argv = []] = of.masters;
    assert.deepEqual((select([ofProcess(10, 1, argv)]) as WorkerTree).workerPids, []);
    assert.ok('error' in select([ofProcess(11, 1, argv), ofProcess(12, 1, argv)]));
  });

  test('a program of a project is of this kind where the config says so, and only then', () => {
    const processes = [ofProcess(10, 1, OWN), ofProcess(11, 10, OWN)];
    const tree = select(processes, name);
    assert.ok(!('error' in tree));
    assert.deepEqual([tree.kind, tree.masterPid, tree.workerPids], [name, 10, [11]]);
    assert.ok('error' in select(processes));
  });

  test('the number of a command is found to the character, and edited there', () => {
    for (const command of of.commands) {
      const { sources, mark } = sourcesOf({ name: '', exec: command });
      const found = locateWorkers(sources);
      assert.ok(found.how === 'splice' && mark !== null, `${command}: ${JSON.stringify(found)}`);
      assert.deepEqual(
        [found.kind, found.workers, found.path, found.start, found.end],
        [name, mark.workers, mark.path, mark.start, mark.end],
      );
      const edited = locateWorkers(withText(sources, planFor(of, found, sources, 17)));
      assert.deepEqual([edited.how, edited.how !== 'refused' && edited.workers], ['splice', 17]);
    }
  });

  test('where there is no number, or its file is not to be edited, a drop-in sets it', () => {
    const forms = [of.plain, ...of.commands.map((command) => command.replace(/[«»]/g, ''))];
    for (const exec of forms) {
      const { sources } = sourcesOf({ name: '', exec, edit: 'drop-in' });
      const found = locateWorkers(sources);
      assert.ok(found.how === 'drop_in', `${exec}: ${JSON.stringify(found)}`);
      assert.ok(found.workers >= 1 && found.kind === name);
      const after = locateWorkers(withText(sources, planFor(of, found, sources, 17)));
      assert.deepEqual([after.how, after.how !== 'refused' && after.workers], ['drop_in', 17]);
    }
  });

  test('a number that is none is refused with what was expected; nonsense is refused too', () => {
    for (const command of of.commands) {
      const found = locateWorkers(
        sourcesOf({ name: '', exec: command.replace(/«.*?»/, 'many') }).sources,
      );
      assert.ok(found.how === 'refused' && found.kind === name, command);
      assert.ok(found.hint.includes(words.option), found.hint);
    }
    for (const exec of of.noWorkers)
      assert.equal(locateWorkers(sourcesOf({ name: '', exec }).sources).how, 'refused', exec);
  });

  test('a command of a project is read as one of this kind where the config says so', () => {
    const exec = '/srv/shop/bin/worker';
    const found = locateWorkers(sourcesOf({ name: '', exec, kind: name }).sources);
    assert.ok(found.how === 'drop_in' && found.kind === name);
  });

  test('a change is planned as data: without a restart where nothing is in the way, else with one, or not at all', () => {
    const { sources } = sourcesOf({ name: '', exec: of.commands[0] ?? '' });
    const found = locateWorkers(sources);
    const live = { pool: of.pool, hasBroker: true };
    // a kind may have no way without a restart
    const obstacle = kind.pool.findObstacle(live);
    const planned = planFor(of, found, sources, 17);
    assert.deepEqual(structuredClone(planned), planned);
    assert.deepEqual(
      [planned.resize, planned.obstacle, planned.countable],
      [obstacle === null ? 'live' : 'restart', obstacle, true],
    );
    const asked = planFor(of, found, sources, 17, { apply: 'restart' });
    assert.deepEqual([asked.resize, asked.obstacle], ['restart', null]);
    const restart = { also: [], barrier: 'no' };
    const barred = planFor(of, found, sources, 17, { apply: 'restart', restart });
    assert.equal(barred.resize, obstacle === null ? 'live' : 'none');
    const heal = planHeal({
      ...{ service: 'web.service', project: null, kind: name, from: 2, to: 3, reasons: [] },
      ...{ reason: '', live: { ...live, apply: 'live' } },
    });
    assert.deepEqual([heal.resize, heal.files], [obstacle === null ? 'live' : 'none', []]);
    const unaided = kind.pool.findObstacle({ pool: of.pool, hasBroker: false });
    const only = planFor(of, found, sources, 17, { hasBroker: false, apply: 'live-only' });
    assert.deepEqual([only.resize, only.obstacle], [unaided === null ? 'live' : 'none', unaided]);
  });

  test('a change by a restart is made, in a world of its own', async () => {
    const root = mkdtempSync(join(tmpdir(), 'autoscaler-contract-'));
    try {
      for (const to of [1, 3]) {
        const world = new World(mkdtempSync(join(root, 'world-'))).create({ kind: name });
        const outcome = await applyPlan(world.plan(to), world.deps());
        const { running, loaded } = world.state;
        assert.deepEqual([outcome.result, running, loaded], ['applied', to, to], outcome.sentence);
      }
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });

  test('of workers it tells which serve, and which are sure to stay, among those that there are', async () => {
    const root = mkdtempSync(join(tmpdir(), 'autoscaler-contract-'));
    const deps = new World(root).create({ kind: name }).deps();
    const { listServing, countSure, watchSize } = await kind.actions();
    const pids = [101, 102, 103];
    assert.ok(listServing(pids, deps)?.every((pid) => pids.includes(pid)) ?? true);
    assert.ok(countSure(pids, 0, deps) <= pids.length && countSure([], 0, deps) === 0);
    const tree = { kind: name, masterPid: 100, masterStartTicks: 1, workerPids: pids };
    assert.equal(await watchSize('web.service', deps).of(tree), pids.length);
    rmSync(root, { recursive: true, force: true });
  });

  test('what init proposes is a config without a fault, and within its own limits', async () => {
    const { survey } = kind.proposals;
    for (const found of [NOTHING, { ...NOTHING, hasWorkers: false, pool: of.pool }])
      for (const cores of [1, 2, 16])
        for (const workers of [1, 40]) {
          const candidate = {
            ...{ service: 'web.service', kind: name, workers, ...survey(found) },
            ...{ workerMb: 50, hasCpu: true, obstacle: null },
          };
          const host = { cores, totalMb: 4000, availableMb: 2000 };
          const [proposal] = propose([candidate], host);
          assert.ok(proposal && proposal.minWorkers >= workers);
          assert.ok(proposal.maxWorkers > proposal.minWorkers);
          const text = Buffer.from(renderConfig([{ ...proposal, enabled: true }], host));
          const { config, warnings } = await checkConfig('/c.json', text);
          assert.deepEqual(warnings, []);
          assert.equal(Object.keys(config.projects).length, 1);
        }
  });

  test('what its workers do is measured in its way alone', async () => {
    const { busyness, countTasks } = kind.load;
    if (kind.serves === 'tasks') assert.ok(countTasks !== null);
    if (busyness === null) return;
    const { busyness: found } = await (await busyness())([], () => []);
    assert.equal(found.size, 0);
  });
}

const NOTHING: Found = {
  ...{ words: [], argv: [], variables: new Map(), pool: null, concurrency: null },
  ...{ hasWorkers: true, guessBroker: () => null },
};

/** Forks share the place where their stack began. */
function ofProcess(pid: number, parentPid: number, argv: string[], stackStart = 1000): Process {
  return { pid, parentPid, startTicks: pid * 10, stackStart, ignoresInterrupt: true, argv };
}

function select(processes: Process[], kind?: string): ReturnType<typeof selectWorkerTree> {
  return selectWorkerTree(new Map(processes.map((one) => [one.pid, one])), 10, kind);
}

function planFor(
  { pool }: KindCase,
  location: Location,
  sources: UnitSources,
  to: number,
  live: Partial<Parameters<typeof planChange>[0]['live']> = {},
): ReturnType<typeof planChange> {
  assert.ok(location.how !== 'refused');
  const files = [sources.fragment, ...sources.dropIns].filter((file) => file !== null);
  const texts = new Map(files.map(({ path, text }) => [path, text]));
  return planChange({
    ...{ service: sources.unit, project: null, to, reasons: [], reason: '' },
    ...{ kind: location.kind, from: location.workers },
    ...setNumber({ location, texts, to, running: sources.unit }),
    running: true,
    live: { apply: 'live', pool, hasBroker: true, ...live },
  });
}

/** The sources once the files of a plan are written, as systemd merges them. */
function withText(sources: UnitSources, { files }: ReturnType<typeof planChange>): UnitSources {
  const written = new Map(files.map(({ path, after }) => [path, after ?? '']));
  const { fragment } = sources;
  const text = fragment && (written.get(fragment.path) ?? fragment.text);
  const dropIns = files
    .filter(({ path }) => path.endsWith('.conf'))
    .map(({ path, after }) => ({ path, text: after ?? '' }));
  const environment = files.find(({ path }) => path.endsWith('.env'));
  return {
    ...sources,
    fragment: fragment && { ...fragment, text: text ?? '' },
    dropIns: [...sources.dropIns, ...dropIns],
    ...(environment && {
      environmentFiles: [
        ...sources.environmentFiles,
        { path: environment.path, text: environment.after },
      ],
      ourEnvironment: environment.after,
    }),
  };
}
