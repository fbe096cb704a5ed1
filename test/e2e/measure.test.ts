import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CHECKOUT, startLab, type Lab } from '../lab/lab.ts';
import { runScript } from '../lab/script.ts';
import {
  celeryUnit,
  enqueue,
  gunicornUnit,
  installUnit,
  redisUnit,
  type ServiceOptions,
} from '../lab/services.ts';
import type { Measurement } from '../../src/measure/sample.ts';
import type { WorkerTree } from '../../src/kinds/worker-tree.ts';
import type { UnitState } from '../../src/model/unit-state.ts';

let lab: Lab;

before(async () => {
  lab = await startLab();
  await installUnit(lab, 'lab-redis.service', redisUnit());
});
after(() => lab.stop());

/** Runs statements of TypeScript inside the lab, against the sources; `print` gives the answer back. */
function inside<T>(...statements: string[]): Promise<T> {
  const catching = `const catching = async (run) => run().then(() => null, ({ exitCode, message, hint }) => ({ exitCode, message, hint }));`;
  return runScript(lab, [catching, ...statements].join('\n'));
}

const IMPORT_UNITS = `import { readUnits } from './src/targets/systemd/units.ts';`;

function readUnits(...names: string[]): Promise<Record<string, UnitState>> {
  return inside(
    IMPORT_UNITS,
    `print(Object.fromEntries(await readUnits(${JSON.stringify(names)})));`,
  );
}

function findTree(unit: string): Promise<WorkerTree | { error: string }> {
  return inside(
    IMPORT_UNITS,
    `import { findWorkerTree } from './src/kinds/worker-tree.ts';`,
    `const units = await readUnits(['${unit}']);`,
    `print(await findWorkerTree(units.get('${unit}')));`,
  );
}

describe('what systemd says of units', () => {
  before(async () => {
    await lab.writeFile('/etc/env one', 'A=1\n');
    await lab.writeFile(
      '/etc/systemd/system/odd.service',
      [
        '[Service]',
        'EnvironmentFile=/etc/env one',
        'EnvironmentFile=-/etc/%p/%n',
        'WorkingDirectory=-/srv/a b',
        'ExecStart=/bin/sleep 2000',
        'MemoryAccounting=no',
        '[Install]',
        'WantedBy=multi-user.target',
        '',
      ].join('\n'),
    );
    for (const path of [
      '/etc/systemd/system/odd.service.d/b "q\\x.conf',
      '/etc/systemd/system/odd.service.d/a b.conf',
    ]) {
      await lab.writeFile(path, '[Service]\nNice=1\n');
    }
    await lab.writeFile('/run/systemd/system/odd.service.d/c.conf', '[Service]\nNice=2\n');
    await lab.writeFile('/etc/systemd/system/bad.service', '[Service]\nType=what\n');
    await lab.ok(`
      ln -s odd.service /etc/systemd/system/alias.service
      systemctl daemon-reload
      systemctl mask zed.service
      systemctl start odd.service`);
  });

  test('all that is asked for, in one call', async () => {
    const units = await readUnits(
      'odd.service',
      'alias.service',
      'zed.service',
      'missing.service',
      'bad.service',
      'web@.service',
      'a*.service',
    );
    const odd = units['odd.service'];
    assert.ok(odd !== undefined);
    assert.equal(odd.loadState, 'loaded');
    assert.equal(odd.activeState, 'active');
    assert.equal(odd.fragmentPath, '/etc/systemd/system/odd.service');
    assert.deepEqual(odd.dropInPaths, [
      '/etc/systemd/system/odd.service.d/a b.conf',
      '/etc/systemd/system/odd.service.d/b "q\\x.conf',
      '/run/systemd/system/odd.service.d/c.conf',
    ]);
    assert.deepEqual(odd.environmentFiles, [
      { path: '/etc/env one', optional: false },
      { path: '/etc/odd/odd.service', optional: true },
    ]);
    assert.equal(odd.workingDirectory, '/srv/a b');
    assert.equal(odd.controlGroup, '/system.slice/odd.service');
    assert.ok(odd.mainPid !== null && odd.mainStartUs !== null);
    assert.equal(odd.needDaemonReload, false);
    assert.equal(odd.nRestarts, 0);
    assert.deepEqual(units['alias.service'], {
      ...odd,
      unit: 'alias.service',
      cpuUsageNs: units['alias.service']?.cpuUsageNs,
    });
    assert.equal(units['zed.service']?.loadState, 'masked');
    assert.equal(units['zed.service']?.loadError, 'Unit zed.service is masked.');
    assert.equal(units['bad.service']?.loadState, 'bad-setting');
    for (const name of ['missing.service', 'web@.service', 'a*.service']) {
      assert.equal(units[name]?.loadState, 'not-found', name);
      assert.match(units[name]?.loadError ?? '', /not found/);
      assert.equal(units[name]?.mainPid, null);
    }
  });

  test('a file that is newer than what systemd has loaded', async () => {
    await lab.ok('sleep 0.01; echo "Nice=3" >> /run/systemd/system/odd.service.d/c.conf');
    assert.equal((await readUnits('odd.service'))['odd.service']?.needDaemonReload, true);
    await inside(
      `import { daemonReload } from './src/targets/systemd/actions.ts';`,
      'await daemonReload(); print(0);',
    );
    assert.equal((await readUnits('odd.service'))['odd.service']?.needDaemonReload, false);
  });

  test('files that other units use too, loaded or only installed', async () => {
    await lab.writeFile('/etc/own.env', 'A=1\n');
    await lab.ok('ln -sf "/etc/env one" /etc/link.env');
    await lab.writeFile(
      '/etc/systemd/system/neighbour.service',
      '[Service]\nEnvironmentFile=/etc/link.env\nExecStart=/bin/true\n',
    );
    await lab.ok('systemctl daemon-reload');
    const users = await inside<Record<string, string[]>>(
      `import { unitsUsingPaths } from './src/targets/systemd/shared-paths.ts';`,
      `print(Object.fromEntries(await unitsUsingPaths(['/etc/env one', '/etc/own.env', '/etc/systemd/system/odd.service'])));`,
    );
    assert.deepEqual(users, {
      '/etc/env one': ['neighbour.service', 'odd.service'],
      '/etc/own.env': [],
      '/etc/systemd/system/odd.service': ['odd.service'],
    });
    const shared = await inside<string[]>(
      IMPORT_UNITS,
      `import { findSharedPaths } from './src/targets/systemd/shared-paths.ts';`,
      `print([...await findSharedPaths((await readUnits(['odd.service'])).get('odd.service'))]);`,
    );
    assert.deepEqual(shared, ['/etc/env one']);
  });
});

describe('what systemd is asked to do', () => {
  interface Fault {
    exitCode: number;
    message: string;
    hint: string;
  }
  const call = (action: string) =>
    inside<Fault | null>(
      `import * as actions from './src/targets/systemd/actions.ts';`,
      `print(await catching(() => actions.${action}));`,
    );
  const state = async (unit: string) => (await readUnits(unit))[unit];

  test('start, restart, stop, disable', async () => {
    assert.equal(await call(`restartUnit('odd.service')`), null);
    const first = await state('odd.service');
    assert.equal(await call(`restartUnit('odd.service')`), null);
    assert.notEqual((await state('odd.service'))?.mainPid, first?.mainPid);
    assert.equal(await call(`stopUnit('odd.service')`), null);
    assert.equal((await state('odd.service'))?.activeState, 'inactive');
    assert.equal(await call(`startUnit('odd.service')`), null);
    await lab.ok('systemctl enable odd.service');
    assert.equal(await call(`disableUnit('odd.service')`), null);
    const last = await state('odd.service');
    assert.deepEqual([last?.activeState, last?.unitFileState], ['inactive', 'disabled']);
  });

  test('what systemctl says comes along', async () => {
    const fault = await call(`startUnit('missing.service')`);
    assert.equal(fault?.exitCode, 1);
    assert.match(fault?.message ?? '', /^systemctl start missing\.service: .*not found/);
    assert.match(fault?.hint ?? '', /journalctl -n 50 -u missing\.service/);
  });

  test('a name that looks like an option is none', async () => {
    const fault = await call(`startUnit('--version')`);
    assert.match(fault?.message ?? '', /^systemctl start --version: /);
  });

  test('without the rights it says so', async () => {
    const { stdout } = await lab.sh(
      `cp -r ${CHECKOUT}/src /tmp/src-for-nobody && ln -s ${CHECKOUT}/node_modules ${CHECKOUT}/package.json /tmp/src-for-nobody/ && chmod -R a+rX /tmp/src-for-nobody && su nobody -s /bin/sh -c 'systemctl restart odd.service' 2>&1`,
    );
    assert.match(stdout, /authentication required|Access denied/i);
  });

  test('no systemctl, or no systemd, is said in plain words', async () => {
    const ask = `print(await catching(() => readUnits(['odd.service'])));`;
    // a PATH of whoever calls is not looked at
    await lab.ok('mv /usr/bin/systemctl /usr/bin/systemctl-away');
    const missing = await inside<Fault>(IMPORT_UNITS, ask);
    await lab.ok('mv /usr/bin/systemctl-away /usr/bin/systemctl');
    assert.equal(missing.exitCode, 1);
    assert.match(missing.message, /systemctl is missing/);
    await lab.ok(
      'mv /run/systemd/private /run/systemd/private-away; mount -t tmpfs none /run/dbus',
    );
    const deaf = await inside<Fault>(IMPORT_UNITS, ask);
    await lab.ok('umount /run/dbus; mv /run/systemd/private-away /run/systemd/private');
    assert.match(deaf.message, /^systemd does not answer: Failed to connect to/);
    assert.match(deaf.hint, /booted with systemd/);
  });
});

describe('workers of real services', () => {
  const SET_TITLE = '/usr/bin/python3';
  const shapes: [
    name: string,
    kind: 'gunicorn' | 'celery',
    options: ServiceOptions,
    workers: number,
  ][] = [
    ['Gunicorn', 'gunicorn', { count: '-w 3' }, 3],
    [
      'Gunicorn as a module',
      'gunicorn',
      { execStart: `${SET_TITLE} -m gunicorn -w 2 -b 127.0.0.1:8001 web:app` },
      2,
    ],
    [
      'Gunicorn below a shell that stays',
      'gunicorn',
      {
        execStart: `/bin/sh -c '/usr/bin/gunicorn -w 2 -b 127.0.0.1:8002 web:app; true'`,
        lines: ['Type=simple'],
      },
      2,
    ],
    ['Celery', 'celery', { count: '-c 3' }, 3],
    ['Celery with its own beat', 'celery', { count: '-c 2 -B -s /tmp/schedule' }, 2],
    [
      'Celery below a shell that stays',
      'celery',
      { execStart: `/bin/bash -c "cd . && celery -A tasks worker -c 2 -n shell@%%h; true"` },
      2,
    ],
  ];
  for (const [index, [name, kind, options, workers]] of shapes.entries()) {
    test(name, async () => {
      const unit = `shape-${index}.service`;
      const text = kind === 'gunicorn' ? gunicornUnit(options) : celeryUnit(options);
      await installUnit(lab, unit, text.replace(/^Type=notify\n(?=[^]*Type=)/m, ''));
      const tree = await lab.until(
        async () => {
          const found = await findTree(unit);
          return 'workerPids' in found && found.workerPids.length === workers ? found : null;
        },
        { what: `${workers} workers of ${unit}`, timeoutMs: 30_000 },
      );
      assert.equal(tree.kind, kind);
      const parents = await lab.ok(`ps -o ppid= -p ${tree.workerPids.join(',')}`);
      assert.deepEqual(new Set(parents.trim().split(/\s+/).map(Number)), new Set([tree.masterPid]));
      await lab.ok(`systemctl stop ${unit}`);
      assert.deepEqual(await findTree(unit), { error: 'it has no processes', empty: true });
    });
  }

  test('a second master of an upgrade, and what workers start, are not counted', async () => {
    await installUnit(
      lab,
      'upgrade.service',
      gunicornUnit({ count: '-w 2', bind: '127.0.0.1:8005' }),
    );
    await lab.ok('kill -USR2 $(systemctl show -P MainPID upgrade.service)');
    await lab.until(
      async () =>
        (
          await lab.ok('wc -l < /sys/fs/cgroup/system.slice/upgrade.service/cgroup.procs')
        ).trim() === '6',
      { what: 'six processes', timeoutMs: 20_000 },
    );
    const tree = await findTree('upgrade.service');
    assert.ok('workerPids' in tree, JSON.stringify(tree));
    assert.equal(tree.workerPids.length, 2);
    await lab.ok('systemctl stop upgrade.service');
  });
});

describe('a sample', () => {
  const CONFIG = {
    global: {},
    projects: {
      web: {
        enabled: true,
        service_name: 'web.service',
        queues: ['celery'],
        memory_threshold_mb: 100,
      },
      work: {
        enabled: true,
        service_name: 'work.service',
        broker_url: 'redis://127.0.0.1:6379/0',
        queues: ['celery'],
      },
      threads: {
        enabled: true,
        service_name: 'threads.service',
        broker_url: 'redis://127.0.0.1:6390/0',
        queues: ['celery'],
      },
      gone: { enabled: true, service_name: 'gone.service', queues: ['celery'] },
      off: { enabled: false, service_name: 'off.service', queues: ['celery'] },
    },
  };

  test('holds all that can be had, and says why the rest is missing', async () => {
    await installUnit(lab, 'web.service', gunicornUnit({ count: '-w 2', bind: '127.0.0.1:8006' }));
    await installUnit(lab, 'work.service', celeryUnit({ count: '-c 2', args: '-Q nothing' }));
    await installUnit(
      lab,
      'threads.service',
      celeryUnit({ count: '-c 4', args: '-P threads -n t@%%h -Q nothing' }),
    );
    await enqueue(lab, 7, 'tasks.sleep', () => [0]);
    await lab.until(
      async () => {
        const tree = await findTree('work.service');
        return 'workerPids' in tree && tree.workerPids.length === 2;
      },
      { what: 'the pool', timeoutMs: 20_000 },
    );
    const [first, second] = await inside<[Measurement, Measurement]>(
      IMPORT_UNITS,
      `import { takeSample } from './src/measure/sample.ts';`,
      `import { TARGET } from './src/targets/registry.ts';`,
      `const memory = TARGET.remember();`,
      `const config = ${JSON.stringify(CONFIG)};`,
      `const units = await readUnits(Object.values(config.projects).map((project) => project.service_name));`,
      `const first = await takeSample({ config, units, previous: null, memory });`,
      `await new Promise((done) => setTimeout(done, 300));`,
      `print([first, await takeSample({ config, units, previous: first.sample, memory })]);`,
    );
    const { host, services, span_s } = first.sample;
    assert.equal(span_s, null);
    assert.ok(host.cpu_percent !== null && (host.memory_available_mb ?? 0) > 0);
    assert.deepEqual(Object.keys(services), [
      'web.service',
      'work.service',
      'threads.service',
      'gone.service',
    ]);
    const web = services['web.service'];
    const { memory_mb, main_pid } = web ?? {};
    assert.deepEqual(
      [web?.workers, web?.running, web?.active, web?.running_tasks, web?.errors],
      [2, 2, 'active', undefined, undefined],
    );
    assert.ok((memory_mb ?? 0) > 5 && (memory_mb ?? 0) < 500, String(memory_mb));
    assert.ok((main_pid ?? 0) > 0);
    const work = services['work.service'];
    assert.deepEqual(
      [work?.workers, work?.running, work?.running_tasks, work?.queue_length, work?.errors],
      [2, 2, 0, 7, undefined],
    );
    const threads = services['threads.service'];
    assert.deepEqual([threads?.workers, threads?.running, threads?.queue_length], [4, null, null]);
    assert.match(threads?.errors?.['running']?.text ?? '', /pool \(threads\)/);
    assert.equal(threads?.errors?.['running']?.code, 'not_applicable');
    assert.equal(threads?.running_tasks, null);
    assert.match(threads?.errors?.['running_tasks']?.text ?? '', /pool \(threads\)/);
    const broker = threads?.errors?.['queue_length'];
    assert.match(broker?.text ?? '', /6390: nothing is listening there/);
    assert.equal(broker?.code, 'broker_unreachable');
    const gone = services['gone.service'];
    assert.deepEqual([gone?.workers, gone?.running, gone?.active], [null, 0, 'inactive']);
    assert.equal(gone?.errors?.['workers']?.code, 'number_refused');
    assert.ok((second.sample.span_s ?? 0) >= 0.3 && second.sample.boot === first.sample.boot);
    assert.ok(second.sample.host.cpu_percent !== null);
  });
});

test('a look shows what has changed a moment before', async () => {
  const config = {
    projects: { web: { max_workers: 4, cpu_thresholds: { scale_up_4: 100 }, enabled: true } },
  };
  await lab.writeFile('/etc/autoscaler/config.json', JSON.stringify(config));
  await installUnit(lab, 'web.service', gunicornUnit({ count: '-w 2', bind: '127.0.0.1:8006' }));
  const look = async (...args: string[]): Promise<unknown> => {
    const { stdout, stderr } = await lab.autoscaler([...args, '--json']);
    const { services } = JSON.parse(stdout) as {
      services: { service: string; workers: number; running: number; active: string }[];
    };
    const web = services.find(({ service }) => service === 'web.service');
    assert.ok(web !== undefined, stderr);
    return args[0] === 'run' ? [web.workers, web.running] : web.active;
  };
  await lab.until(async () => String(await look('run')) === '2,2', { what: 'its workers' });

  const main = (await lab.ok('systemctl show -P MainPID web.service')).trim();
  await lab.ok(`kill -TTIN ${main}`);
  await lab.until(async () => (await lab.ok(`pgrep -c -P ${main}`)).trim() === '3', {
    what: 'one more worker',
  });
  assert.deepEqual(await look('run', '--dry-run'), [2, 3]);
  await lab.ok('systemctl restart web.service');
  assert.deepEqual(await look('status'), 'active');
  await lab.ok('systemctl stop web.service');
  assert.deepEqual(await look('run', '--dry-run'), [2, 0]);
  assert.deepEqual(await look('status'), 'inactive');
});
