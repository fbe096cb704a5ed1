import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startLab, type Lab } from '../lab/lab.ts';
import { runScript } from '../lab/script.ts';
import { gunicornUnit, installUnit } from '../lab/services.ts';
import type { KnownTrees } from '../../src/targets/systemd/known-trees.ts';
import type { WorkerTree } from '../../src/kinds/worker-tree.ts';

const WEB = 'web.service';

let lab: Lab;
let known: KnownTrees = { trees: {}, wasUsed: false, hasChanged: false };

/** One run's look: what is known goes from one to the next. `again`: what was found before was taken. */
async function look(): Promise<{ again: boolean; kept: boolean; tree: WorkerTree }> {
  const script = `
    import { findWorkerTreeAgain } from './src/targets/systemd/known-trees.ts';
    import { readUnits } from './src/targets/systemd/units.ts';
    const known = ${JSON.stringify({ ...known, wasUsed: false, hasChanged: false })};
    const unit = (await readUnits(['${WEB}'])).get('${WEB}');
    print({ tree: findWorkerTreeAgain(unit, known), known });`;
  const answer = await runScript<{ known: KnownTrees; tree: WorkerTree }>(lab, script);
  ({ known } = answer);
  return { again: known.wasUsed, kept: known.hasChanged, tree: answer.tree };
}

/** Until what was found is kept, which takes ten seconds of the youngest process. */
async function settle(): Promise<WorkerTree> {
  await lab.until(async () => (await look()).again, { what: 'its processes to be old enough' });
  return (await look()).tree;
}

/** The workers by the kernel's own list of the children of the main process. */
async function listWorkers(): Promise<number[]> {
  const main = (await lab.ok(`systemctl show -P MainPID ${WEB}`)).trim();
  const children = await lab.ok(`cat /proc/${main}/task/${main}/children`);
  return children.trim().split(' ').map(Number);
}

before(async () => {
  lab = await startLab();
  await installUnit(lab, WEB, gunicornUnit({ bind: '127.0.0.1:8001' }));
});
after(() => lab.stop());

describe('the workers of a service', () => {
  test('are read anew while they are young, which may still become something else', async () => {
    const { again, kept, tree } = await look();
    assert.deepEqual({ again, kept }, { again: false, kept: false });
    assert.deepEqual(tree.workerPids, await listWorkers());
    assert.equal((await look()).again, false);
  });

  test('are taken as they were found where nothing has changed', async () => {
    const found = await settle();
    const { again, kept, tree } = await look();
    assert.deepEqual({ again, kept, tree }, { again: true, kept: false, tree: found });
    assert.deepEqual(found.workerPids, await listWorkers());
    assert.equal(found.workerPids.length, 2);
  });

  test('are read anew where they were looked at longer ago than ten minutes', async () => {
    await settle();
    known.trees[WEB]!.foundMs -= 601_000;
    const { again, kept } = await look();
    assert.deepEqual({ again, kept }, { again: false, kept: true });
  });

  const changes: [after: string, script: (tree: WorkerTree) => string, count: number][] = [
    [
      'one was killed and replaced',
      ({ workerPids: [pid] }) =>
        `kill -9 ${pid}; until [ $(pgrep -c -P $(systemctl show -P MainPID ${WEB})) = 2 ] && ! [ -e /proc/${pid} ]; do sleep 0.1; done`,
      2,
    ],
    [
      'the main process was told to have one more',
      ({ masterPid }) =>
        `kill -TTIN ${masterPid}; until [ $(pgrep -c -P ${masterPid}) = 3 ]; do sleep 0.1; done`,
      3,
    ],
    ['the service was started anew', () => `systemctl restart ${WEB}`, 2],
  ];
  for (const [name, script, count] of changes) {
    test(`are read anew after ${name}`, async () => {
      const found = await settle();
      await lab.ok(script(found));
      const { again, tree } = await look();
      assert.equal(again, false);
      assert.deepEqual(tree.workerPids.toSorted(), (await listWorkers()).toSorted());
      assert.equal(tree.workerPids.length, count);
    });
  }

  test('are read anew by a run before it changes anything because of them', async () => {
    const noted = '/var/lib/autoscaler/units.known';
    const project = { max_workers: 4, cpu_thresholds: { scale_up_4: 100 } };
    const config = { projects: { web: { ...project, min_workers: 1 } } };
    await lab.writeFile('/etc/autoscaler/config.json', JSON.stringify(config));
    await settle();
    const first = await lab.autoscaler(['run']);
    assert.equal(first.exitCode, 0, first.stderr);

    const kept = await lab.readFile(noted);
    const wrong = kept.replace(/"workerPids":\[(\d+),\d+\]/, '"workerPids":[$1]');
    assert.notEqual(wrong, kept);
    await lab.writeFile(noted, wrong);
    const { stdout } = await lab.autoscaler(['metrics', 'all', '--json']);
    const { services } = JSON.parse(stdout) as { services: Record<string, { running: number }> };
    assert.equal(services[WEB]?.running, 1, 'what was noted counts');

    const second = await lab.autoscaler(['run']);
    assert.equal(second.exitCode, 0, second.stderr);
    assert.doesNotMatch(second.stdout, /drift|declares/);
    const history = await lab.readFile('/var/lib/autoscaler/history.jsonl');
    assert.deepEqual(
      Array.from(history.matchAll(/"running":(\d)/g), ([, running]) => running),
      ['2', '2'],
    );
    assert.match(await lab.readFile(noted), /"workerPids":\[\d+,\d+\]/);
  });

  test('are read each time where the main process is in a group below', async () => {
    await settle();
    await lab.ok(`main=$(systemctl show -P MainPID ${WEB}); below=/sys/fs/cgroup/system.slice/${WEB}/below
      mkdir $below && for pid in $(cat $below/../cgroup.procs); do echo $pid > $below/cgroup.procs; done`);
    for (let i = 0; i < 2; i++) {
      const { again, kept, tree } = await look();
      assert.deepEqual({ again, kept }, { again: false, kept: false });
      assert.equal(tree.workerPids.length, 2);
    }
  });
});
