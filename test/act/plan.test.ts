import { setNumber, type NumberInput } from '../../src/targets/systemd/unit-file/set-number.ts';
import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { planChange, planResize, type LiveQuestion, type PlanInput } from '../../src/act/plan.ts';
import type { Plan } from '../../src/act/types.ts';
import { renderDiff } from '../../src/output/diff.ts';

const UNIT = '[Service]\nExecStart=gunicorn -w 2 app\n';
const start = UNIT.indexOf('2 app');

type Change = Omit<PlanInput, 'kind' | 'from' | 'files' | 'note'> & Omit<NumberInput, 'running'>;

const inUnit: Change = {
  ...{ service: 'web.service', project: 'web', to: 12, reasons: [], reason: 'cpu 90 % > 80 %' },
  location: {
    ...{ how: 'splice', kind: 'gunicorn', workers: 2, path: '/etc/web.service', what: '-w' },
    ...{ start, end: start + 1 },
  },
  texts: new Map([['/etc/web.service', UNIT]]),
  ...{ running: true, live: { apply: 'restart', pool: null, hasBroker: false } },
};
const byDropIn: Change = {
  ...inUnit,
  location: {
    ...{ how: 'drop_in', kind: 'gunicorn', workers: 1, path: '/etc/web.service.d/50.conf' },
    text: (workers) => `[Service]\nEnvironment=WEB_CONCURRENCY=${workers}\n`,
    why: 'no number',
    assumed: false,
    whenDown: null,
    replaces: [],
    stale: false,
    overrules: null,
  },
};

/** As a target finds the edits, and act makes a plan of them. */
function plan({ location, texts, ...rest }: Change): Plan {
  const { kind, workers: from } = location;
  const running = rest.running ? rest.service : null;
  return planChange({
    ...{ ...rest, kind, from },
    ...setNumber({ location, texts, to: rest.to, running }),
  });
}

describe('planChange', () => {
  test('a number in the unit: that number alone changes', () => {
    const { files, from, to, action } = plan(inUnit);
    assert.deepEqual([from, to, action], [2, 12, 'scale_up']);
    const after = '[Service]\nExecStart=gunicorn -w 12 app\n';
    assert.deepEqual(files, [{ path: '/etc/web.service', before: UNIT, after }]);
  });

  test('no number: our drop-in is a new file', () => {
    const { files } = plan(byDropIn);
    const after = '[Service]\nEnvironment=WEB_CONCURRENCY=12\n';
    assert.deepEqual(files, [{ path: '/etc/web.service.d/50.conf', before: null, after }]);
  });

  test('the number is there already: nothing is written', () => {
    assert.deepEqual(plan({ ...inUnit, to: 2 }).files, []);
  });

  test('fewer is scale_down', () => assert.equal(plan({ ...inUnit, to: 1 }).action, 'scale_down'));

  test('a service that does not run is not started', () => {
    assert.equal(plan({ ...inUnit, running: false }).resize, 'none');
    assert.equal(plan(inUnit).resize, 'restart');
  });
});

describe('renderDiff', () => {
  test('a changed file', async () => {
    const diff = await renderDiff(plan(inUnit).files);
    assert.equal(
      diff,
      '--- /etc/web.service\n+++ /etc/web.service\n@@ -1,2 +1,2 @@\n [Service]\n-ExecStart=gunicorn -w 2 app\n+ExecStart=gunicorn -w 12 app\n',
    );
  });

  test('a new file', async () => {
    const diff = await renderDiff(plan(byDropIn).files);
    assert.match(
      diff,
      /^--- \/dev\/null\n\+\+\+ \/etc\/web\.service\.d\/50\.conf\n@@ -0,0 \+1,2 @@/,
    );
  });

  test('nothing changes: nothing is printed', async () => assert.equal(await renderDiff([]), ''));
});

describe('planResize: a barrier keeps from a restart', () => {
  const barrier = 'systemd refuses';
  const free = { also: ['beat.service'], barrier: null };
  const barred = { also: ['beat.service'], barrier };
  const solo = { pool: 'solo', hasBroker: true };
  const prefork = { pool: null, hasBroker: true };
  type Resize = Pick<Plan, 'resize' | 'obstacle' | 'also'>;
  const rows: [string, Plan['kind'], LiveQuestion, Resize][] = [
    [
      'none: restarted, and what goes with it is named',
      'gunicorn',
      { ...prefork, apply: 'restart', restart: free },
      { resize: 'restart', obstacle: null, also: ['beat.service'] },
    ],
    [
      'where a restart is asked for: changed while it runs',
      'gunicorn',
      { ...prefork, apply: 'restart', restart: barred },
      { resize: 'live', obstacle: null, also: [] },
    ],
    [
      'where it cannot be changed while it runs either: nothing, with both reasons',
      'celery',
      { ...solo, apply: 'restart', restart: barred },
      {
        resize: 'none',
        obstacle: `${barrier}; and it cannot be changed while it runs: its pool is solo, and only a pool of processes (prefork) can be changed while it runs`,
        also: [],
      },
    ],
    [
      'where it is to be changed while it runs: no restart in its place',
      'celery',
      { ...solo, apply: 'live', restart: barred },
      {
        resize: 'none',
        obstacle: `${barrier}; and it cannot be changed while it runs: its pool is solo, and only a pool of processes (prefork) can be changed while it runs`,
        also: [],
      },
    ],
    [
      'none, and it cannot be changed while it runs: restarted in its place',
      'celery',
      { ...solo, apply: 'live', restart: free },
      {
        resize: 'restart',
        obstacle:
          'its pool is solo, and only a pool of processes (prefork) can be changed while it runs',
        also: ['beat.service'],
      },
    ],
  ];
  for (const [name, kind, live, expected] of rows) {
    test(name, () => {
      const { resize, obstacle, also } = planResize({ kind, live, running: true });
      assert.deepEqual({ resize, obstacle, also }, expected);
    });
  }
});
