import { after, before, beforeEach, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { startLab, type Lab } from '../lab/lab.ts';
import { APPS, celeryUnit, gunicornUnit, installUnit, redisUnit } from '../lab/services.ts';

const CHANGES = '/var/backups/autoscaler/changes';
const PATIENT = { timeoutMs: 180_000 };
const JOBS = {
  ...{ min_workers: 2, max_workers: 4, queue_thresholds: { scale_up_4: 1000 } },
  broker_url: 'redis://127.0.0.1:6379/0',
};
const WEB = { min_workers: 3, max_workers: 4, cpu_thresholds: { scale_up_4: 99 } };

let lab: Lab;
before(async () => {
  lab = await startLab();
  await installUnit(lab, 'lab-redis.service', redisUnit());
});
after(() => lab.stop());

async function configure(projects: Record<string, unknown>): Promise<void> {
  await lab.writeFile('/etc/autoscaler/config.json', JSON.stringify({ projects }), { mode: 0o600 });
}

/** All that the tests start, the services last. */
const BOUND = ['beat', 'flower', 'once', 'quiet', 'told', 'asked', 'part', 'broken'];
const ALL = [...BOUND.map((name) => `${name}.service`), 'site.target', 'jobs', 'web'].join(' ');

beforeEach(async () => {
  await lab.sh(`systemctl stop ${ALL}; systemctl reset-failed`);
  await lab.ok(
    `cd /etc/systemd/system && rm -rf ${ALL} jobs.service* web.service* /var/backups/autoscaler /run/broken && redis-cli flushall`,
  );
});

const WAITS = 'ExecStart=/usr/bin/sleep infinity';

/** Installs units that depend on others; `relation` are lines of [Unit], `lines` of [Service]. */
async function addUnit(name: string, relation: string[], lines = [WAITS]): Promise<void> {
  const service = name.endsWith('.target') ? [] : ['[Service]', ...lines];
  const text = ['[Unit]', ...relation, ...service, ''].join('\n');
  await lab.writeFile(`/etc/systemd/system/${name}`, text);
}

async function readStates(...names: string[]): Promise<Record<string, string>> {
  const { stdout } = await lab.sh(`systemctl is-active ${names.join(' ')}`);
  const states = stdout.trim().split('\n');
  return Object.fromEntries(names.map((name, index) => [name, states[index] ?? '']));
}

const NAMES = ['beat.service', 'flower.service', 'site.target', 'once.service', 'told.service'];
const ALL_ACTIVE = Object.fromEntries(NAMES.map((name) => [name, 'active']));

/** A worker with all that may be bound to it, at any distance; one of these is stopped. */
async function startBound(): Promise<void> {
  const bound = ['BindsTo=jobs.service', 'After=jobs.service'];
  await addUnit('beat.service', bound, [
    `WorkingDirectory=${APPS}`,
    'Environment=BROKER_URL=redis://127.0.0.1:6379/0',
    'ExecStart=/usr/bin/celery -A tasks beat -s /run/beat-schedule --pidfile=',
  ]);
  await addUnit('flower.service', ['BindsTo=beat.service', 'After=beat.service']);
  await addUnit('site.target', [...bound, 'Wants=quiet.service']);
  await addUnit('once.service', bound, [
    ...['Type=oneshot', 'RemainAfterExit=yes', 'ExecStart=/usr/bin/true'],
  ]);
  await addUnit('told.service', ['StopPropagatedFrom=jobs.service', 'After=jobs.service']);
  await addUnit('quiet.service', bound);
  await installUnit(lab, 'jobs.service', celeryUnit());
  await lab.ok(`systemctl start ${NAMES.join(' ')} && systemctl stop quiet`);
  assert.deepEqual(await readStates(...NAMES, 'quiet.service'), {
    ...ALL_ACTIVE,
    'quiet.service': 'inactive',
  });
}

async function assertAllBack(): Promise<void> {
  assert.deepEqual(await readStates(...NAMES, 'quiet.service'), {
    ...ALL_ACTIVE,
    'quiet.service': 'inactive',
  });
}

describe('units that systemd stops with a Celery worker', () => {
  before(() => configure({ jobs: JOBS }));
  test('are active again after a change that a kill cut off, and after a rollback; a stopped one stays so', async () => {
    await startBound();
    const script = 'echo $$ > /run/scale.pid; exec "$@"';
    const argv = ['/bin/sh', '-c', script, 'sh', ...lab.autoscalerArgv, 'scale', 'jobs', '4'];
    const first = lab.spawn(argv);
    await lab.until(async () => (await readStates('beat.service'))['beat.service'] !== 'active', {
      what: 'the worker to end',
      everyMs: 20,
    });
    await lab.ok('kill -KILL $(cat /run/scale.pid)');
    await first.done;
    const next = await lab.autoscaler(['run'], PATIENT);
    assert.equal(next.exitCode, 0, next.stderr);
    assert.match(
      next.stderr,
      /verified: 4 running; active again with it: .*beat\.service.*site\.target/,
    );
    await lab.ok(`test -z "$(ls ${CHANGES} | grep pending)"`);
    await assertAllBack();

    const back = await lab.autoscaler(['rollback', '--keep-timer'], PATIENT);
    assert.equal(back.exitCode, 0, back.stdout + back.stderr);
    assert.match(back.stdout, /active again with it: .*flower\.service/);
    await assertAllBack();
  });
});

describe('units that systemd stops or restarts with a Gunicorn service', () => {
  before(() => configure({ web: WEB }));
  test('are active again where the new number does not come up; check and a dry run name them', async () => {
    const text = gunicornUnit({
      lines: ["ExecStartPre=/bin/sh -c '! grep -q [w]orkers.3 /etc/systemd/system/web.service'"],
    });
    await addUnit('asked.service', ['BindsTo=web.service', 'After=web.service']);
    await addUnit('part.service', ['PartOf=web.service']);
    await addUnit('quiet.service', ['PartOf=web.service']);
    await installUnit(lab, 'web.service', text);
    await lab.ok('systemctl start asked part');

    const dry = await lab.autoscaler(['run', '--dry-run', '--json']);
    const { services } = JSON.parse(dry.stdout) as {
      services: { project: string; plan?: { also: string[] } }[];
    };
    const web = services.find(({ project }) => project === 'web');
    assert.deepEqual(web?.plan?.also, ['asked.service', 'part.service'], dry.stdout);
    const told = await lab.autoscaler(['run', '--dry-run'], { env: { COLUMNS: '1000' } });
    assert.match(told.stdout, /it would be restarted, and with it asked\.service, part\.service/);
    const check = await lab.autoscaler(['check', '--json']);
    assert.match(
      check.stdout,
      /"restart_hits_others","severity":"info","project":"web","evidence":"[^"]*asked\.service, part\.service/,
    );

    const { exitCode, stdout } = await lab.autoscaler(['scale', 'web', '3'], PATIENT);
    assert.equal(exitCode, 1, stdout);
    assert.match(stdout, /undone: it is as before, with 2/);
    assert.deepEqual(await readStates('asked', 'part', 'quiet'), {
      ...{ asked: 'active', part: 'active', quiet: 'inactive' },
    });
  });

  test('one that does not start: the change is taken back and called failed, with its reason', async () => {
    const unit = gunicornUnit();
    await addUnit(
      'broken.service',
      ['BindsTo=web.service', 'After=web.service'],
      ['ExecStartPre=/usr/bin/test ! -e /run/broken', WAITS],
    );
    await installUnit(lab, 'web.service', unit);
    await lab.ok('systemctl start broken && touch /run/broken');
    const { exitCode, stdout } = await lab.autoscaler(['scale', 'web', '3'], PATIENT);
    assert.equal(exitCode, 1, stdout);
    assert.match(stdout, /broken\.service, which was active before, is failed .*exit-code/);
    assert.equal(await lab.readFile('/etc/systemd/system/web.service'), unit);
    assert.deepEqual(await readStates('web'), { web: 'active' });
  });
});
