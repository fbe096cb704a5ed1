import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Process } from '../../src/host/proc/proc.ts';
import { selectWorkerTree, type WorkerTree } from '../../src/kinds/worker-tree.ts';

const GUNICORN = ['/usr/bin/python3', '/usr/bin/gunicorn', 'web:app'];
const CELERY = ['/usr/bin/python3', '/usr/bin/celery', '-A', 'shop', 'worker'];
const BEAT = [...CELERY, '-B'];
const SHELL = ['/bin/sh', '-c', 'gunicorn web:app'];

/** A process with its parent, its command line, and where its stack began: forks share it. */
function p(pid: number, parentPid: number, argv: string[], stackStart = 1000): Process {
  return { pid, parentPid, startTicks: pid * 10, stackStart, ignoresInterrupt: true, argv };
}
const interruptible = (process: Process): Process => ({ ...process, ignoresInterrupt: false });

function select(mainPid: number | null, ...processes: Process[]) {
  return selectWorkerTree(new Map(processes.map((process) => [process.pid, process])), mainPid);
}

describe('workers are counted', () => {
  const rows: [
    name: string,
    mainPid: number | null,
    processes: Process[],
    master: number,
    workers: number[],
  ][] = [
    [
      'below a Gunicorn master',
      10,
      [p(10, 1, GUNICORN), p(11, 10, GUNICORN), p(12, 10, GUNICORN)],
      10,
      [11, 12],
    ],
    ['none yet', 10, [p(10, 1, GUNICORN)], 10, []],
    [
      'with titles of setproctitle',
      10,
      [p(10, 1, ['gunicorn: master [web:app]']), p(11, 10, ['gunicorn: worker [web:app]'])],
      10,
      [11],
    ],
    ['below a shell', 9, [p(9, 1, SHELL, 1), p(10, 9, GUNICORN), p(11, 10, GUNICORN)], 10, [11]],
    [
      'below two wrappers',
      8,
      [p(8, 1, ['sudo', 'sh'], 1), p(9, 8, SHELL, 2), p(10, 9, GUNICORN), p(11, 10, GUNICORN)],
      10,
      [11],
    ],
    [
      'without the second master of an upgrade and its workers',
      10,
      [
        p(10, 1, GUNICORN),
        p(11, 10, GUNICORN),
        p(20, 10, GUNICORN, 2000),
        p(21, 20, GUNICORN, 2000),
      ],
      10,
      [11],
    ],
    [
      'without what a worker has started',
      10,
      [p(10, 1, GUNICORN), p(11, 10, GUNICORN), p(12, 11, GUNICORN), p(13, 11, CELERY, 7)],
      10,
      [11],
    ],
    [
      'without what the master has started',
      10,
      [p(10, 1, GUNICORN), p(11, 10, GUNICORN), p(12, 10, ['python3', '-c', 'tracker'], 5)],
      10,
      [11],
    ],
    [
      'without those that a killed master has left behind',
      30,
      [p(11, 1, GUNICORN), p(12, 1, GUNICORN), p(30, 1, GUNICORN, 3000), p(31, 30, GUNICORN, 3000)],
      30,
      [31],
    ],
    ['where systemd knows no main process', null, [p(10, 1, CELERY), p(11, 10, CELERY)], 10, [11]],
    [
      'by their command line, where stacks are not shown',
      10,
      [p(10, 1, GUNICORN, 0), p(11, 10, GUNICORN, 0), p(12, 10, ['python3', '-c', 'tracker'], 0)],
      10,
      [11],
    ],
    [
      'by their titles, where stacks are not shown',
      10,
      [
        p(10, 1, ['[celeryd: celery@h:MainProcess] -active- (worker)'], 0),
        p(11, 10, ['[celeryd: celery@h:ForkPoolWorker-1]'], 0),
      ],
      10,
      [11],
    ],
    [
      'without the embedded beat, which can be interrupted',
      10,
      [p(10, 1, BEAT), p(11, 10, BEAT), p(12, 10, BEAT), interruptible(p(13, 10, BEAT))],
      10,
      [11, 12],
    ],
    [
      'without the embedded beat, which has a title',
      10,
      [p(10, 1, BEAT), p(11, 10, BEAT), interruptible(p(13, 10, ['[celery beat]']))],
      10,
      [11],
    ],
    [
      'a Celery child that can be interrupted counts where there is no beat',
      10,
      [p(10, 1, CELERY), p(11, 10, CELERY), interruptible(p(12, 10, CELERY))],
      10,
      [11, 12],
    ],
  ];
  for (const [name, mainPid, processes, master, workers] of rows) {
    test(name, () => {
      const tree = select(mainPid, ...processes);
      assert.ok(!('error' in tree), JSON.stringify(tree));
      assert.equal(tree.masterPid, master);
      assert.equal(tree.masterStartTicks, master * 10);
      assert.deepEqual(tree.workerPids, workers);
    });
  }
});

describe('workers cannot be told', () => {
  const rows: [name: string, mainPid: number | null, processes: Process[], error: RegExp][] = [
    ['no process', null, [], /has no processes/],
    ['no master among them', 9, [p(9, 1, SHELL)], /none of its processes is a Gunicorn master/],
    [
      'two masters below the main process',
      9,
      [p(9, 1, SHELL), p(10, 9, GUNICORN), p(20, 9, GUNICORN, 2000)],
      /more than one master \(processes 10 and 20\)/,
    ],
    [
      'a new pool child that does not ignore SIGINT yet, beside beat',
      10,
      [p(10, 1, BEAT), interruptible(p(11, 10, BEAT)), interruptible(p(12, 10, BEAT))],
      /beat cannot be distinguished/,
    ],
  ];
  for (const [name, mainPid, processes, error] of rows) {
    test(name, () => {
      const tree = select(mainPid, ...processes);
      assert.ok('error' in tree);
      assert.match(tree.error, error);
    });
  }
});

describe('the main process is the master that the config says', () => {
  const OWN = ['/usr/bin/python3', '-B', '/srv/shop/worker.py', '-c', '2'];
  const select = (kind: 'gunicorn' | 'celery' | undefined, ...processes: Process[]) =>
    selectWorkerTree(new Map(processes.map((process) => [process.pid, process])), 10, kind);
  const forks = [p(10, 1, OWN), p(11, 10, OWN), p(12, 10, OWN), p(13, 10, ['tracker'], 5)];

  for (const kind of ['gunicorn', 'celery'] as const)
    test(`its forks alone are the workers: ${kind}`, () => {
      const {
        kind: found,
        masterPid,
        workerPids,
        embeddedBeat,
      } = select(kind, ...forks) as WorkerTree;
      assert.deepEqual([found, masterPid, workerPids], [kind, 10, [11, 12]]);
      assert.equal(embeddedBeat, false);
    });

  test('not where it is not said', () => assert.ok('error' in select(undefined, ...forks)));

  test('not where another process shows that it is one', () => {
    const tree = select('celery', p(10, 1, OWN), p(11, 10, CELERY, 7), p(12, 11, CELERY, 7));
    assert.deepEqual([(tree as WorkerTree).masterPid, (tree as WorkerTree).workerPids], [11, [12]]);
  });

  test('not where the processes show something else', () => {
    const tree = select('celery', p(10, 1, GUNICORN), p(11, 10, GUNICORN));
    assert.match(
      'error' in tree ? tree.error : '',
      /says "kind": "celery", but process 10 is that of a Gunicorn master/,
    );
  });

  test('an upgrade of a Gunicorn shows by the same command line', () => {
    const tree = select('gunicorn', p(10, 1, OWN), p(11, 10, OWN), p(12, 10, OWN, 7));
    assert.match((tree as WorkerTree).upgrade ?? '', /process 12 is a second master/);
  });
});
