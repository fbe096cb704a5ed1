import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import '../lab/alone.ts';
import { httpLoad } from '../lab/http-load.ts';
import { startLab, type Lab } from '../lab/lab.ts';
import { celeryUnit, enqueue, gunicornUnit, installUnit, redisUnit } from '../lab/services.ts';

const CONFIG = '/etc/autoscaler/config.json';
const INTERVAL_S = 2;
/** up after 6 s, down after 8 s */
const UP_S = 6;
const MINUTES = { scale_up: UP_S / 60, scale_down: 8 / 60 };

interface ServiceReport {
  project: string;
  workers: number | null;
  running: number | null;
  action: string;
  from: number | null;
  to: number | null;
  applied: boolean;
  hold: string | null;
  reason: string;
  error: string | null;
}

describe('the main job', { timeout: 400_000 }, () => {
  let lab: Lab;

  before(async () => {
    lab = await startLab();
    await installUnit(lab, 'redis.service', redisUnit());
    await installUnit(lab, 'web.service', gunicornUnit());
    await installUnit(lab, 'idle.service', gunicornUnit({ bind: '127.0.0.1:8001' }));
    await installUnit(lab, 'tasks.service', celeryUnit());
    await lab.writeFile(
      CONFIG,
      JSON.stringify({
        projects: {
          web: {
            min_workers: 2,
            max_workers: 4,
            // wide enough for whatever else this machine does meanwhile
            cpu_thresholds: { scale_up_3: 85, scale_down_2: 80 },
            cpu_duration_minutes: MINUTES,
            memory_threshold_mb: 50,
          },
          idle: { enabled: false, max_workers: 4, cpu_thresholds: { scale_up_4: 1 } },
          tasks: {
            min_workers: 2,
            max_workers: 4,
            queue_thresholds: { scale_up_4: 5, scale_down_2: 2 },
            queue_duration_minutes: MINUTES,
            redis_url: 'redis://127.0.0.1:6379/0',
          },
        },
        global: { check_interval_seconds: INTERVAL_S, log_file: '/var/log/autoscaler.log' },
      }),
    );
  });

  after(() => lab.stop());

  /** One cycle of the timer: a run, then the rest of the interval. */
  const cycle = async (): Promise<Map<string, ServiceReport>> => {
    const start = Date.now();
    const { exitCode, stdout, stderr } = await lab.autoscaler(['run', '--json']);
    assert.equal(exitCode, 0, stderr);
    const { services } = JSON.parse(stdout) as { services: ServiceReport[] };
    await new Promise((done) => setTimeout(done, INTERVAL_S * 1000 - (Date.now() - start)));
    return new Map(services.map((service) => [service.project, service]));
  };

  const execStart = (unit: string) => lab.ok(`grep ExecStart= /etc/systemd/system/${unit}.service`);

  test('load raises Gunicorn and Celery after the duration and not before, quiet lowers them', async () => {
    const idleBefore = await lab.ok(
      'cat /etc/systemd/system/idle.service; systemctl show -p MainPID idle',
    );
    await cycle();
    const load = httpLoad(lab, { url: 'http://127.0.0.1:8000/cpu?ms=20', seconds: 120 });
    // 400 tasks of half a second: 4 workers need 50 s
    await enqueue(lab, 400, 'tasks.sleep', () => [0.5]);
    const loadSince = Date.now();
    const raised = new Map<string, number>();
    while (raised.size < 2 && Date.now() - loadSince < 60_000) {
      for (const [project, report] of await cycle()) {
        if (report.action === 'scale_up') {
          assert.ok(report.applied, report.reason);
          assert.equal(report.running, report.to);
          raised.set(project, (Date.now() - loadSince) / 1000);
        } else if (!raised.has(project) && report.hold === 'duration') {
          assert.match(report.reason, / more.* → stays at 2$/);
        }
      }
    }
    assert.deepEqual([...raised.keys()].sort(), ['tasks', 'web']);
    for (const [project, afterS] of raised) {
      assert.ok(afterS >= UP_S - 0.5, `${project} was raised after ${afterS} s, which is too soon`);
    }
    assert.match(await execStart('web'), /--workers 3 /);
    assert.match(await execStart('tasks'), /-c 4$/m);

    load.stop();
    assert.equal((await load.done).requests > 0, true);
    await lab.ok('redis-cli del celery');
    const quietSince = Date.now();
    const lowered = new Set<string>();
    while (lowered.size < 2 && Date.now() - quietSince < 150_000) {
      for (const [project, report] of await cycle()) {
        if (report.action === 'scale_down') {
          assert.ok(report.applied, report.reason);
          assert.ok(Date.now() - quietSince >= 7_000);
          lowered.add(project);
        }
      }
    }
    assert.deepEqual([...lowered].sort(), ['tasks', 'web']);
    assert.match(await execStart('web'), /--workers 2 /);
    assert.match(await execStart('tasks'), /-c 2$/m);

    // min holds, and the same change is not made again
    for (let i = 0; i < 4; i++) {
      for (const [, report] of await cycle()) assert.equal(report.action, 'none', report.reason);
    }
    const log = await lab.readFile('/var/log/autoscaler.log');
    assert.match(log, /"event":"scale_up".*"project":"web"/);
    assert.match(log, /"event":"scale_down".*"project":"tasks"/);
    assert.doesNotMatch(log, /ERROR/);
    assert.equal(
      await lab.ok('cat /etc/systemd/system/idle.service; systemctl show -p MainPID idle'),
      idleBefore,
      'a disabled project is untouched',
    );
  });

  test('a dry run writes nothing anywhere and shows the diff', async () => {
    const snapshot = () =>
      lab.ok(
        'find /etc /var/lib/autoscaler /var/backups /var/log /run/systemd/system -type f -newer /tmp/mark | grep -v journal | sort; sha256sum /etc/systemd/system/*.service',
      );
    await lab.ok(
      'sed -i s/--workers=*.2/--workers\\ 1/ /etc/systemd/system/web.service; sleep 1.1; touch /tmp/mark; sleep 0.1',
    );
    const before = await snapshot();
    const { exitCode, stdout } = await lab.autoscaler(['run', '--dry-run']);
    assert.equal(exitCode, 0);
    assert.match(
      stdout,
      /fewer than min_workers 2.* → 2 workers \(dry run: not done; it would be restarted\)/,
    );
    assert.match(stdout, /^-ExecStart=.*--workers 1 /m);
    assert.match(stdout, /^\+ExecStart=.*--workers 2 /m);
    assert.equal(await snapshot(), before);
    await lab.ok(
      'sed -i "s/--workers 1/--workers 2/" /etc/systemd/system/web.service; systemctl daemon-reload',
    );
  });

  test('Redis down: nothing is lowered, it is said, the exit code is 1, the others are served', async () => {
    await lab.ok(
      'systemctl stop redis.service; sed -i "s/-c 2/-c 3/" /etc/systemd/system/tasks.service; sed -i "s/--workers 2/--workers 1/" /etc/systemd/system/web.service; systemctl daemon-reload',
    );
    const { exitCode, stdout, stderr } = await lab.autoscaler(['run', '--json']);
    assert.equal(exitCode, 1);
    const { services } = JSON.parse(stdout) as { services: ServiceReport[] };
    const tasks = services.find(({ project }) => project === 'tasks');
    assert.equal(tasks?.action, 'none');
    assert.equal(tasks?.hold, 'missing_metric');
    assert.match(tasks?.error ?? '', /redis at 127\.0\.0\.1:6379: nothing is listening there/);
    assert.match(stderr, /"level":"ERROR".*tasks/);
    const web = services.find(({ project }) => project === 'web');
    assert.deepEqual([web?.action, web?.applied, web?.to], ['scale_up', true, 2]);
    await lab.ok(
      'systemctl start redis.service; sed -i "s/-c 3/-c 2/" /etc/systemd/system/tasks.service; systemctl daemon-reload',
    );
  });

  test('a service that is stopped, failed, masked or missing is left alone and named', async () => {
    await lab.ok(`systemctl stop idle.service
      cp /etc/systemd/system/idle.service /etc/systemd/system/broken.service
      sed -i 's#ExecStart=.*#ExecStart=/usr/bin/gunicorn -w 1 nosuch:app#; /Type=/d' /etc/systemd/system/broken.service
      cp /etc/systemd/system/idle.service /etc/systemd/system/hidden.service
      systemctl daemon-reload; systemctl start broken.service; ln -sf /dev/null /etc/systemd/system/hidden.service; systemctl daemon-reload`);
    await lab.ok('until systemctl is-failed --quiet broken.service; do sleep 0.1; done');
    const thresholds = { scale_up_4: 90, scale_down_2: 1 };
    const project = { min_workers: 2, max_workers: 4, cpu_thresholds: thresholds };
    await lab.writeFile(
      '/etc/autoscaler/states.json',
      JSON.stringify({
        projects: { idle: project, broken: project, hidden: project, missing: project },
      }),
    );
    const { exitCode, stdout } = await lab.autoscaler([
      'run',
      '--json',
      '--config',
      '/etc/autoscaler/states.json',
    ]);
    assert.equal(exitCode, 1);
    const { services } = JSON.parse(stdout) as { services: ServiceReport[] };
    const by = new Map(services.map((service) => [service.project, service]));
    for (const [, report] of by) assert.equal(report.action, 'none');
    assert.equal(by.get('idle')?.hold, 'not_running');
    assert.match(by.get('idle')?.reason ?? '', /inactive/);
    assert.equal(by.get('idle')?.error, null);
    assert.match(by.get('broken')?.reason ?? '', /failed/);
    assert.match(by.get('hidden')?.error ?? '', /masked/);
    assert.match(by.get('missing')?.error ?? '', /not-found/);
    assert.match(await lab.ok('systemctl is-active idle.service || true'), /inactive/);
  });

  test('two runs at once: the second waits for the first and says who holds the lock', async () => {
    await lab.ok(
      'systemctl start redis.service; sed -i "s/-c 2/-c 1/" /etc/systemd/system/tasks.service; systemctl daemon-reload',
    );
    const first = lab.spawn([...lab.autoscalerArgv, 'run', '--json']);
    first.stdin.end();
    // it holds the lock while it makes its change
    await lab.until(
      async () =>
        (await lab.sh('ls /var/backups/autoscaler/changes | grep pending')).exitCode === 0,
      { what: 'the change of the first run', timeoutMs: 8000, everyMs: 20 },
    );
    const second = await lab.autoscaler(['run']);
    assert.equal(second.exitCode, 0, second.stdout + second.stderr);
    assert.match(second.stderr, /waiting up to 30 s for another run to end: process \d+ \(since /);
    const { exitCode } = await first.done;
    assert.equal(exitCode, 0);
  });

  test('rollback restores byte-identical files and stops the timer', async () => {
    const original = gunicornUnit();
    assert.equal((await lab.autoscaler(['scale', 'web', '4'])).exitCode, 0);
    assert.match(await execStart('web'), /--workers 4 /);
    await lab.writeFile(
      '/etc/systemd/system/autoscaler.service',
      '[Service]\nType=oneshot\nExecStart=/bin/true\n',
    );
    await lab.writeFile(
      '/etc/systemd/system/autoscaler.timer',
      '[Timer]\nOnActiveSec=1h\n[Install]\nWantedBy=timers.target\n',
    );
    await lab.ok('systemctl daemon-reload; systemctl enable --now autoscaler.timer');
    const { exitCode, stderr } = await lab.autoscaler(['rollback']);
    assert.equal(exitCode, 0, stderr);
    assert.equal(await lab.readFile('/etc/systemd/system/web.service'), original);
    assert.equal(await lab.readFile('/etc/systemd/system/tasks.service'), celeryUnit());
    assert.match(
      await lab.ok(
        'systemctl is-active autoscaler.timer; systemctl is-enabled autoscaler.timer; true',
      ),
      /^inactive\ndisabled$/m,
    );
    assert.equal((await lab.autoscaler(['rollback'])).exitCode, 0, 'safe to run twice');
  });

  test('a wrong config changes nothing and ends with 78', async () => {
    await lab.writeFile(
      '/etc/autoscaler/bad.json',
      '{ "projects": { "web": { "max_worker": 3, "min_workers": "two" } } }',
    );
    const { exitCode, stderr, stdout } = await lab.autoscaler([
      'run',
      '--config',
      '/etc/autoscaler/bad.json',
    ]);
    assert.equal(exitCode, 78);
    assert.equal(stdout, '');
    assert.match(stderr, /bad\.json:1:\d+: projects\.web\.max_worker: .*max_workers/);
    assert.match(stderr, /projects\.web\.min_workers/);
  });
});
