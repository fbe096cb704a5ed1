import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { CheckDocument } from '../../src/commands/check/report.ts';
import type { RunReport } from '../../src/commands/run/run-report.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { APPS, enqueue, installUnit, redisUnit } from '../lab/services.ts';

/**
 * Kinds of services that hosts have, each a folder with its units, its project and what it needs in /srv/field. All of
 * them run on one host.
 */
const CASES = join(import.meta.dirname, '../fixtures/field');
const SRV = '/srv/field';
const PATIENT = { timeoutMs: 120_000 };
const REDIS = 'redis://127.0.0.1:6379';
const USERS = [
  "reader on '>secret' '~*' resetchannels +llen +ping +select",
  "tenant on '>secret' '~tenant*' resetchannels '&tenant*' +@all",
];
/** Tasks that each broker gets before its worker starts: what they wait for, and in which queue. */
const TASKS: [database: number, tasks: number, seconds: number, queue?: string][] = [
  ...[0, 3, 4].map((database): [number, number, number] => [database, 1, 0]),
  [1, 60, 600],
  [2, 30, 600, 'high'],
  [5, 1000, 0.15],
];

let lab: Lab;
let findings: CheckDocument['findings'];
const services = new Map<string, string>();

before(async () => {
  lab = await startLab();
  await installUnit(lab, 'redis.service', redisUnit());
  for (const user of USERS) await lab.ok(`redis-cli acl setuser ${user}`);
  await lab.ok(`mkdir -p ${SRV} && cp ${APPS}/web.py ${APPS}/tasks.py ${SRV}`);
  const projects: Record<string, object> = {};
  const units: string[] = [];
  for (const name of readdirSync(CASES)) {
    const project = await install(name, units);
    projects[name] = project;
    services.set(name, project.service_name);
    // a lock of its own
    const global = { state_dir: `/var/lib/a/${name}`, backup_dir: `/var/backups/a/${name}` };
    await configure(name, { [name]: project }, global);
  }
  await configure('config', projects);
  await Promise.all(
    TASKS.map(([database, tasks, seconds, queue = 'celery']) =>
      enqueue(lab, tasks, 'tasks.sleep', () => [seconds], { url: `${REDIS}/${database}`, queue }),
    ),
  );
  await lab.ok(`systemctl daemon-reload; systemctl start --no-block ${units.join(' ')}`);
  await lab.until(isUp, { what: 'all of them to run', timeoutMs: 90_000 });
  const { stdout } = await lab.autoscaler(
    ['check', '--json', '--config', '/srv/config.json'],
    PATIENT,
  );
  ({ findings } = JSON.parse(stdout) as CheckDocument);
});
after(() => lab.stop());

/** Puts the files of a case in their places, and adds the names of its units to `units`. */
async function install(name: string, units: string[]): Promise<{ service_name: string }> {
  const folder = join(CASES, name);
  const text = (...path: string[]): string => readFileSync(join(folder, ...path), 'utf8');
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  for (const path of paths) {
    if (/\.(?:service|socket)$/.test(path)) {
      await lab.writeFile(`/etc/systemd/system/${path}`, text(path));
      // the path of a socket unit is bound by the service
      if (path.endsWith('.service')) units.push(path);
    } else if (path.startsWith('srv/')) {
      await lab.writeFile(join(SRV, path.slice('srv/'.length)), text(path), { mode: 0o755 });
    }
  }
  return JSON.parse(text('project.json')) as { service_name: string };
}

async function configure(file: string, projects: Record<string, object>, global: object = {}) {
  const all = Object.entries(projects).map(([name, project]) => {
    const thresholds = Object.keys(project).some((key) => key.endsWith('_thresholds'))
      ? {}
      : 'broker_url' in project
        ? { queue_thresholds: { scale_up_8: 5000 } }
        : { busy_thresholds: { scale_up_8: 90 } };
    return [name, { max_workers: 8, ...thresholds, ...project }];
  });
  const config = {
    projects: Object.fromEntries(all) as object,
    global: { apply: 'live', ...global },
  };
  await lab.writeFile(`/srv/${file}.json`, JSON.stringify(config), { mode: 0o600 });
}

const GUNICORNS = {
  site: 2,
  fat: 2,
  half: 2,
  barred: 2,
  deployed: 2,
  netbox: 3,
  slow: 1,
  hangs: 1,
};

/** Whether each Gunicorn has its workers, each Celery has taken tasks, and the one that cannot has died twice. */
async function isUp(): Promise<boolean> {
  const counts = Object.entries({ ...GUNICORNS, 'gunicorn-objects': 3 }).map(
    ([unit, count]) => `[ $(pgrep -c -P $(systemctl show -P MainPID ${unit})) = ${count} ]`,
  );
  const served = [8006, 8008, 8020, 8027].map((port) => `curl -sf 127.0.0.1:${port} >/dev/null`);
  const taken = TASKS.map(
    ([database, tasks, , queue = 'celery']) =>
      `[ $(redis-cli -n ${database} llen ${queue}) -lt ${tasks} ]`,
  );
  const died = '[ $(systemctl show -P NRestarts tenant) -ge 2 ]';
  return (await lab.sh([...counts, ...served, ...taken, died].join(' && '))).exitCode === 0;
}

async function scale(name: string, workers: number): Promise<[number | null, string]> {
  const args = ['scale', name, String(workers), '--config', `/srv/${name}.json`];
  const { exitCode, stdout, stderr } = await lab.autoscaler(args, PATIENT);
  return [exitCode, stdout + stderr];
}

function workersOf(unit: string): Promise<string> {
  return lab.ok(`pgrep -P $(systemctl show -P MainPID ${unit})`);
}

describe('check foresees it', () => {
  const rows: [name: string, code: string, evidence: RegExp][] = [
    ['beat', 'restart_hits_others', /jobs-beat\.service/],
    ['socket', 'restart_barred', /\/run\/site\/socket, on which site\.socket listens/],
    [
      'memory',
      'memory_beyond_group',
      /MemoryMax of fat\.service is 200 MB, .* room for \d workers, but max_workers is 8/,
    ],
    [
      'quota',
      'up_out_of_reach',
      /scale_up_4 needs service cpu .*; scale_up_8 needs service cpu .* 0\.5 processors \(CPUQuota of half\.service\)/,
    ],
    ['prefetch', 'tasks_hidden', /^(?:58|59|60) tasks .* with 2 processes to run/],
    ['queues', 'queues_differ', /consumes high, low; the config lists celery; 2\d tasks wait/],
    ['acl', 'live_impossible', /may not run PUBLISH: its ACL lacks \+publish/],
    ['prefix', 'service_crashing', /systemd has restarted it \d+ times/],
    ['barred', 'restart_barred', /RefuseManualStop=yes/],
  ];
  for (const [name, code, evidence] of rows) {
    test(`${name}: ${code}`, () => {
      const found = findings.filter(({ project }) => project === name);
      const one = found.find((each) => each.code === code);
      assert.match(one?.evidence ?? JSON.stringify(found), evidence);
    });
  }

  test('nothing of the kind is said of the others', () => {
    const codes = new Set(rows.map(([, code]) => code));
    const others = ['slow', 'command', 'deployed', 'hangs', 'literal', 'umbrella', 'once'];
    const said = findings.filter(
      ({ project, code, severity }) =>
        others.includes(project ?? '') && (codes.has(code) || severity === 'error'),
    );
    assert.deepEqual(said, []);
  });
});

test('a dry run names what a restart hits besides, and finds the number of each', async () => {
  const args = ['run', '--dry-run', '--json', '--config', '/srv/config.json'];
  const { stdout, stderr } = await lab.autoscaler(args, PATIENT);
  const { services: reports } = JSON.parse(stdout) as RunReport;
  const byProject = new Map(reports.map((report) => [report.project, report]));
  assert.deepEqual(byProject.get('beat')?.plan?.also, ['jobs-beat.service'], stderr);
  const unknown = reports.filter(({ workers }) => workers === null);
  assert.deepEqual(unknown, []);
});

describe('a change', { concurrency: 4 }, () => {
  const live: [name: string, workers: number][] = [
    ['barred', 3],
    ['command', 3],
    ['literal', 4],
    ['umbrella', 4],
    ['once', 4],
  ];
  for (const [name, workers] of live) {
    test(`${name}: verified, and nothing was restarted`, async () => {
      const main = `systemctl show -P MainPID ${services.get(name)}`;
      const pid = await lab.ok(main);
      const [exitCode, said] = await scale(name, workers);
      assert.equal(exitCode, 0, said);
      assert.match(said, new RegExp(`verified: ${workers} running, without a restart`));
      assert.equal(await lab.ok(main), pid);
    });
  }

  test('socket: it can be connected to afterwards', async () => {
    const [exitCode, said] = await scale('socket', 3);
    assert.equal(exitCode, 0, said);
    assert.match(said, /verified: 3 running, without a restart/);
    assert.equal(await lab.ok('curl -sS --unix-socket /run/site/socket http://site/'), 'ok\n');
  });

  test('slow: the new worker is waited for, the old one stays', async () => {
    const [old] = (await workersOf('slow')).split('\n');
    const [exitCode, said] = await scale('slow', 2);
    assert.equal(exitCode, 0, said);
    assert.match(said, /verified: 2 running, without a restart/);
    assert.ok((await workersOf('slow')).split('\n').includes(old!));
  });

  test('hangs: given up, and the worker that serves stays', async () => {
    const [old] = (await workersOf('hangs')).split('\n');
    await lab.ok('touch /run/hang');
    const [exitCode, said] = await scale('hangs', 2);
    assert.equal(exitCode, 1, said);
    assert.ok((await workersOf('hangs')).split('\n').includes(old!), said);
    assert.equal(await lab.ok('curl -sS --max-time 5 127.0.0.1:8027'), 'ok\n');
  });

  test('deployed: nothing is asked of it while its code cannot be loaded', async () => {
    const workers = await workersOf('deployed');
    await lab.writeFile(`${SRV}/deployed.py`, 'import nothing_of_that_name\n');
    const [exitCode, said] = await scale('deployed', 3);
    assert.equal(exitCode, 1, said);
    assert.match(said, /2 → 3 was not applied: .*deployed\.py is newer .*nothing_of_that_name/);
    assert.equal(await workersOf('deployed'), workers);
    assert.equal(await lab.ok('curl -sS 127.0.0.1:8020'), 'ok\n');
  });
});

test('a number in a config file is set by a variable, and the files stay as they are', async () => {
  for (const [name, file] of [
    ['literal', 'netbox.py'],
    ['umbrella', 'objects.cfg'],
  ] as const) {
    const ours = await lab.ok(`cat /etc/systemd/system/${services.get(name)}.d/50-autoscaler.conf`);
    assert.match(ours, /^Environment=GUNICORN_CMD_ARGS=--workers=4$/m);
    assert.doesNotMatch(ours, /ExecStart/);
    assert.equal(
      await lab.readFile(`${SRV}/${file}`),
      readFileSync(join(CASES, name, 'srv', file), 'utf8'),
    );
  }
});
