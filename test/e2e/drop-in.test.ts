import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Lab, startLab } from '../lab/lab.ts';
import { APPS, installUnit, redisUnit } from '../lab/services.ts';

/** A service of which our drop-in sets the number; `<u>` stands for its name without `.service`. */
interface Case {
  name: string;
  files: Record<string, string>;
  links?: Record<string, string>;
  project?: Record<string, unknown>;
  /** the unit, where it is not `<u>.service` */
  unit?: string;
  from: number;
  /** our drop-in's name, and its lines below `[Service]` for 4 workers; lines of the environment file behind it */
  ours: string;
  lines: string[];
  environment?: string;
  /** what the first change says besides, and no later one */
  once?: RegExp;
}

const UNIT = '/etc/systemd/system/<u>.service';
const VENDOR = '/usr/lib/systemd/system/<u>.service';
/** Each Gunicorn has a socket of its own. */
const unit = (exec: string, ...lines: string[]): string =>
  [
    '[Service]',
    ...lines,
    'RuntimeDirectory=%N',
    `WorkingDirectory=${APPS}`,
    `ExecStart=${exec}`,
    '',
  ].join('\n');
const BY_ARGS = ['Environment=GUNICORN_CMD_ARGS=--workers=4'];
const LAST = 'zz-autoscaler.conf';
const USUAL = '50-autoscaler.conf';

const CASES: Case[] = [
  {
    name: 'a number in a config file of Gunicorn',
    files: {
      [UNIT]: unit('/usr/bin/gunicorn -b unix:/run/%N/s --config /srv/<u>/gunicorn.py web:app'),
      '/srv/<u>/gunicorn.py': 'workers = 2\nthreads = 3\n',
    },
    from: 2,
    ours: USUAL,
    lines: BY_ARGS,
    once: /what the config file \/srv\/\w+\/gunicorn\.py, line 1 says of the workers no longer counts/,
  },
  {
    name: 'a number that the default config file computes, WEB_CONCURRENCY in the unit',
    files: {
      [UNIT]: unit(
        `/bin/sh -c 'cd /srv/<u> && exec /usr/bin/gunicorn -b unix:/run/%N/s --pythonpath ${APPS} web:app'`,
        'Environment=WEB_CONCURRENCY=7',
      ),
      '/srv/<u>/gunicorn.conf.py': 'import os\nworkers = len(os.sched_getaffinity(0)) * 0 + 3\n',
    },
    from: 3,
    ours: USUAL,
    lines: BY_ARGS,
    once: /gunicorn\.conf\.py, line 2 says of the workers no longer counts/,
  },
  {
    name: 'a Python module as config, other options in GUNICORN_CMD_ARGS',
    files: {
      [UNIT]: unit(
        '/usr/bin/gunicorn -b unix:/run/%N/s web:app',
        'Environment="GUNICORN_CMD_ARGS=-c python:conf_<u> --threads 2" PYTHONPATH=/srv/<u>',
      ),
      '/srv/<u>/conf_<u>.py': 'workers = 2\n',
    },
    from: 2,
    ours: USUAL,
    lines: ['ExecStart=', 'ExecStart=/usr/bin/gunicorn -b unix:/run/%N/s web:app --workers=4'],
    once: /the Python module conf_\w+ says of the workers/,
  },
  {
    name: "a drop-in of the site that sorts after ours, in the package's folder",
    files: {
      [UNIT]: unit('/usr/bin/gunicorn -b unix:/run/%N/s web:app'),
      '/usr/lib/systemd/system/<u>.service.d/zz-site.conf':
        '[Service]\nEnvironment=WEB_CONCURRENCY=2\n',
    },
    from: 2,
    ours: 'zzz-autoscaler.conf',
    lines: ['Environment=WEB_CONCURRENCY=4'],
  },
  {
    name: 'a drop-in of all instances that sorts after ours',
    files: {
      '/etc/systemd/system/<u>@.service': unit('/usr/bin/gunicorn -b unix:/run/%N/s -w 9 web:app'),
      '/etc/systemd/system/<u>@.service.d/override.conf':
        '[Service]\nExecStart=\nExecStart=/usr/bin/gunicorn -b unix:/run/%N/s -w 2 web:app\n',
    },
    unit: '<u>@a.service',
    from: 2,
    ours: LAST,
    lines: ['ExecStart=', 'ExecStart=/usr/bin/gunicorn -b unix:/run/%N/s -w 4 web:app'],
  },
  {
    name: '"edit": "drop-in", a number in the unit',
    files: { [UNIT]: unit('/usr/bin/gunicorn -b unix:/run/%N/s -w 2 web:app') },
    project: { edit: 'drop-in' },
    from: 2,
    ours: USUAL,
    lines: ['ExecStart=', 'ExecStart=/usr/bin/gunicorn -b unix:/run/%N/s -w 4 web:app'],
  },
  {
    name: '"edit": "drop-in", a number in an environment file',
    files: {
      [UNIT]: unit(
        '/usr/bin/gunicorn -b unix:/run/%N/s -w ${N} web:app',
        'EnvironmentFile=/etc/default/<u>',
      ),
      '/etc/default/<u>': '# managed\nN=2\n',
    },
    project: { edit: 'drop-in' },
    from: 2,
    ours: USUAL,
    lines: ['EnvironmentFile=-/etc/systemd/system/<u>.service.d/50-autoscaler.env'],
    environment: 'N=4',
  },
  {
    name: "no number, and Debian's Celery: its variable",
    files: {
      [UNIT]: unit(
        '/usr/bin/celery -A <u>_tasks worker',
        'Environment=BROKER_URL=redis://127.0.0.1:6379/0 PYTHONPATH=/srv',
      ),
      '/srv/<u>_tasks.py': 'from tasks import app\napp.conf.worker_concurrency = 3\n',
    },
    from: 3,
    ours: USUAL,
    lines: ['Environment=CELERY_WORKER_CONCURRENCY=4'],
  },
];

describe('our drop-in sets the number', () => {
  let lab: Lab;
  before(async () => {
    lab = await startLab();
    await installUnit(lab, 'redis.service', redisUnit());
  });
  after(() => lab.stop());

  // side by side, each with a lock of its own
  test('all of them', { concurrency: 4 }, async (t) => {
    await Promise.all(
      CASES.map((each, index) => t.test(each.name, () => check(each, `d${index}`))),
    );
  });

  async function check(
    { files, links = {}, project, from, ours, lines, environment, once, ...rest }: Case,
    name: string,
  ): Promise<void> {
    const named = (text: string): string => text.replaceAll('<u>', name);
    const service = named(rest.unit ?? '<u>.service');
    for (const [path, text] of Object.entries(files))
      await lab.writeFile(named(path), named(text), { mode: 0o644 });
    for (const [path, to] of Object.entries(links)) await lab.ok(named(`ln -s ${to} ${path}`));
    const call = await caller(name, service, project);
    await lab.ok(`systemctl daemon-reload && systemctl start ${service}`);
    await workersAre(service, from);
    const before = await filesOf(name);

    const dry = await call('scale', service, '4', '--dry-run');
    assert.match(dry.stdout, new RegExp(`${from} → 4 workers`), dry.stderr);
    if (once) assert.match(dry.stdout, once);
    assert.equal(await filesOf(name), before);
    const done = await call('scale', service, '4');
    assert.equal(done.exitCode, 0, done.stdout + done.stderr);
    assert.match(done.stdout, /verified: 4 running/);
    if (once) assert.match(done.stdout, once);
    const folder = `/etc/systemd/system/${service}.d`;
    const dropIn = (await lab.readFile(`${folder}/${ours}`)).split('\n');
    assert.deepEqual(dropIn.slice(dropIn.indexOf('[Service]') + 1, -1), lines.map(named));
    if (environment !== undefined)
      assert.equal((await lab.ok(`tail -n 1 ${folder}/50-autoscaler.env`)).trim(), environment);
    // systemd itself reads it so
    await lab.ok(`systemctl restart ${service}`);
    await workersAre(service, 4);

    const again = await call('scale', service, '3', '--dry-run');
    assert.match(again.stdout, /4 → 3 workers/, again.stderr);
    assert.doesNotMatch(again.stdout, /no longer counts/);
    const back = await call('rollback', service, '--keep-timer');
    assert.equal(back.exitCode, 0, back.stdout + back.stderr);
    assert.equal(await filesOf(name), before);
    await workersAre(service, from);
  }

  test('an edit below a command that ours repeats: said, and taken over by the next run', async () => {
    const path = VENDOR.replace('<u>', 'below');
    const config = 'WEB_TIMEOUT=31';
    await lab.writeFile(path, unit('/usr/bin/gunicorn -b unix:/run/%N/s -w 2 web:app'));
    await lab.ok('systemctl daemon-reload && systemctl start below');
    await workersAre('below.service', 2);
    const project = { min_workers: 1, max_workers: 5, cpu_thresholds: { scale_up_5: 100 } };
    const call = await caller('below', 'below.service', project);
    await call('scale', 'below', '4');
    await workersAre('below.service', 4);
    const ours = '/etc/systemd/system/below.service.d/50-autoscaler.conf';
    const first = await lab.readFile(ours);
    const quiet = await call('run', '--json');
    assert.equal(reportOf(quiet.stdout).action, 'none', quiet.stderr);
    assert.equal(await lab.readFile(ours), first);

    // a newer version of the package
    await lab.writeFile(
      path,
      unit(
        '/usr/bin/gunicorn -b unix:/run/%N/s -w 2 --timeout 90 web:app',
        `Environment=${config}`,
      ),
    );
    await lab.ok('systemctl daemon-reload');
    const checked = await call('check');
    assert.match(checked.stdout, /drop_in_stale|repeats settings that have since changed/);
    await call('pause', 'below');
    const paused = await call('run', '--json');
    assert.match(reportOf(paused.stdout).reason, /what our drop-in repeats .* has changed/);
    // what is kept of a file that was just written may not be trusted yet
    await lab.until(
      async () => {
        await call('run');
        return /overrides the edit until a run renews it/.test((await call('status')).stdout);
      },
      { what: 'status to say so' },
    );
    assert.equal(await lab.readFile(ours), first);
    await call('resume', 'below');
    const dry = await call('run', '--dry-run', '--json');
    assert.equal(reportOf(dry.stdout).action, 'renew');
    assert.equal(await lab.readFile(ours), first);

    const pid = await lab.ok('systemctl show -p MainPID --value below');
    const run = await call('run', '--json');
    const { action, applied, reason } = reportOf(run.stdout);
    assert.deepEqual([action, applied], ['renew', true], run.stderr);
    assert.match(reason, /takes effect when the service restarts \(systemctl restart below/);
    assert.match(
      await lab.readFile(ours),
      /ExecStart=\/usr\/bin\/gunicorn -b \S+ -w 4 --timeout 90/,
    );
    assert.equal(await lab.ok('systemctl show -p MainPID --value below'), pid);
    assert.equal(reportOf((await call('run', '--json')).stdout).action, 'none');
    assert.doesNotMatch((await call('check')).stdout, /changed in the files below it/);
    assert.doesNotMatch((await call('status')).stdout, /until a run renews it/);
    await lab.ok('systemctl restart below');
    await workersAre('below.service', 4);
    const words = await lab.ok(
      `tr '\\0' ' ' < /proc/$(systemctl show -p MainPID --value below)/cmdline`,
    );
    assert.match(words, /-w 4 --timeout 90/);

    const back = await call('rollback', 'below', '--keep-timer');
    assert.equal(back.exitCode, 0, back.stdout + back.stderr);
    assert.equal((await lab.sh('ls /etc/systemd/system/below.service.d')).stdout, '');
    await workersAre('below.service', 2);
  });

  test('a drop-in of an older version, and one that came to sort after it', async () => {
    const folder = '/etc/systemd/system/older.service.d';
    await lab.writeFile(
      '/etc/systemd/system/older.service',
      unit('/usr/bin/gunicorn -b unix:/run/%N/s --timeout 90 web:app'),
    );
    // made from another command, and without a checksum
    await lab.writeFile(
      `${folder}/50-autoscaler.conf`,
      '[Service]\nExecStart=\nExecStart=/usr/bin/gunicorn -b unix:/run/%N/s web:app --workers=3\n',
    );
    await lab.ok('systemctl daemon-reload && systemctl start older');
    await workersAre('older.service', 3);
    const project = { min_workers: 1, max_workers: 5, cpu_thresholds: { scale_up_5: 100 } };
    const call = await caller('older', 'older.service', project);
    const before = await filesOf('older');
    const run = await call('run', '--json');
    assert.equal(reportOf(run.stdout).action, 'renew', run.stdout + run.stderr);
    assert.match(
      await lab.readFile(`${folder}/50-autoscaler.conf`),
      /\[Service\]\nEnvironment=WEB_CONCURRENCY=3\n$/,
    );
    await lab.ok('systemctl restart older');
    await workersAre('older.service', 3);

    await lab.ok('mkdir -p /usr/lib/systemd/system/older.service.d');
    await lab.writeFile(
      '/usr/lib/systemd/system/older.service.d/zz-size.conf',
      '[Service]\nEnvironment=WEB_CONCURRENCY=2\n',
    );
    await lab.ok('systemctl daemon-reload && systemctl restart older');
    await workersAre('older.service', 2);
    const moved = await call('scale', 'older', '4');
    assert.match(moved.stdout, /2 → 4 workers; verified: 4 running/, moved.stderr);
    assert.equal(await lab.ok(`cd ${folder} && ls`), await lab.ok('echo zzz-autoscaler.conf'));
    const back = await call('rollback', 'older', '--keep-timer');
    assert.equal(back.exitCode, 0, back.stdout + back.stderr);
    await lab.ok('rm -r /usr/lib/systemd/system/older.service.d');
    assert.equal(await filesOf('older'), before);
  });

  test('a unit with a comment in Latin-1 is edited as bytes', async () => {
    const path = '/etc/systemd/system/latin.service';
    const text = unit('/usr/bin/gunicorn -b unix:/run/%N/s \\\n# gr<FC><DF>e\n -w 2 web:app');
    await lab.writeFile(path, `# Gr<FC><DF>e\n${text}`);
    await lab.ok(
      `sed -i 's/<FC>/\\xfc/; s/<DF>/\\xdf/' ${path} && systemctl daemon-reload && systemctl start latin`,
    );
    await workersAre('latin.service', 2);
    const hex = (): Promise<string> => lab.ok(`od -An -v -tx1 ${path} | tr -d ' \\n'`);
    const before = await hex();
    assert.match(before, /fcdf.*fcdf/);
    const call = await caller('latin', 'latin.service');
    const done = await call('scale', 'latin', '3');
    assert.equal(done.exitCode, 0, done.stdout + done.stderr);
    const toHex = (text: string): string => Buffer.from(text).toString('hex');
    assert.equal(await hex(), before.replace(toHex('-w 2'), toHex('-w 3')));
    const back = await call('rollback', 'latin', '--keep-timer');
    assert.equal(back.exitCode, 0, back.stdout + back.stderr);
    assert.equal(await hex(), before);
  });

  test('the command of a Django project that hands on to Celery', async () => {
    const command = '/srv/lab/nautobot-server';
    await lab.writeFile(
      command,
      [
        '#!/usr/bin/python3',
        'import sys',
        'from celery.__main__ import main',
        'sys.argv = ["celery", "-A", "tasks"] + sys.argv[2:]',
        'main()',
        '',
      ].join('\n'),
      { mode: 0o755 },
    );
    await installUnit(
      lab,
      'nautobot.service',
      unit(
        `${command} celery worker --loglevel INFO -n nautobot@%%h --concurrency 2`,
        `Environment=BROKER_URL=redis://127.0.0.1:6379/0 PYTHONPATH=${APPS}`,
      ),
    );
    await workersAre('nautobot.service', 2);
    const before = await filesOf('nautobot');
    const call = await caller('nautobot', 'nautobot.service', {
      kind: 'celery',
      broker_url: 'redis://127.0.0.1:6379/0',
    });
    const done = await call('scale', 'nautobot', '3');
    assert.equal(done.exitCode, 0, done.stdout + done.stderr);
    assert.match(done.stdout, /2 → 3 workers; verified: 3 running, without a restart/);
    const back = await call('rollback', 'nautobot', '--keep-timer');
    assert.equal(back.exitCode, 0, back.stdout + back.stderr);
    assert.equal(await filesOf('nautobot'), before);
  });

  test('an entry script of a project that is a Celery worker, as "kind" says', async () => {
    const command = '/srv/kind/serve-tasks';
    await lab.writeFile(
      command,
      '#!/usr/bin/python3\nimport sys\nfrom tasks import app\napp.worker_main(["worker"] + sys.argv[1:])\n',
      { mode: 0o755 },
    );
    await installUnit(
      lab,
      'kind.service',
      unit(
        `${command} --loglevel INFO -n kind@%%h -c 2`,
        `Environment=BROKER_URL=redis://127.0.0.1:6379/0 PYTHONPATH=${APPS}`,
      ),
    );
    await workersAre('kind.service', 2);
    const before = await filesOf('kind');
    const broker = { broker_url: 'redis://127.0.0.1:6379/0' };
    const silent = await caller('kind', 'kind.service', broker);
    const refused = await silent('check');
    assert.match(refused.stdout, /whose content is unknown/);
    assert.match(refused.stdout.replace(/\s+/g, ' '), /set "kind": "gunicorn" or "celery"/);

    const project = { ...broker, kind: 'celery' };
    const call = await caller('kind', 'kind.service', project);
    assert.match((await call('check')).stdout, /celery, 2 workers/);
    assert.equal(reportOf((await call('run', '--json')).stdout).action, 'none');
    const done = await call('scale', 'kind', '3');
    assert.equal(done.exitCode, 0, done.stdout + done.stderr);
    assert.match(done.stdout, /2 → 3 workers; verified: 3 running, without a restart/);
    await workersAre('kind.service', 3);
    const restarting = await caller('kind', 'kind.service', { ...project, apply: 'restart' });
    const back = await restarting('rollback', 'kind', '--keep-timer');
    assert.equal(back.exitCode, 0, back.stdout + back.stderr);
    assert.equal(await filesOf('kind'), before);
    await workersAre('kind.service', 2);

    const wrong = await caller('kind', 'kind.service', { kind: 'gunicorn' });
    await lab.ok('systemctl stop kind.service');
    await lab.ok(
      `sed -i 's|^ExecStart=.*|ExecStart=/usr/bin/celery -A tasks worker -c 2|' /etc/systemd/system/kind.service`,
    );
    await lab.ok('systemctl daemon-reload');
    const found = await wrong('check', '--json');
    assert.match(found.stdout, /"kind_differs"/);
    assert.match(found.stdout, /but ExecStart runs celery/);
  });

  test('an entry script of a project that is a Gunicorn, as "kind" says', async () => {
    const command = '/srv/kind/serve-web';
    await lab.writeFile(
      command,
      '#!/usr/bin/python3\nfrom gunicorn.app.wsgiapp import run\nrun()\n',
      { mode: 0o755 },
    );
    await installUnit(lab, 'front.service', unit(`${command} -b 127.0.0.1:8099 -w 2 web:app`));
    await workersAre('front.service', 2);
    const before = await filesOf('front');
    const silent = await caller('front', 'front.service');
    const refused = (await silent('check')).stdout.replace(/\s+/g, ' ');
    assert.match(refused, /set "kind": "gunicorn" or "celery"/);

    const call = await caller('front', 'front.service', { kind: 'gunicorn' });
    assert.match((await call('check')).stdout, /gunicorn, 2 workers/);
    const main = await lab.ok('systemctl show -P MainPID front');
    const done = await call('scale', 'front', '3');
    assert.equal(done.exitCode, 0, done.stdout + done.stderr);
    assert.match(done.stdout, /2 → 3 workers; verified: 3 running, without a restart/);
    await workersAre('front.service', 3);
    assert.equal(await lab.ok('systemctl show -P MainPID front'), main);
    const back = await call('rollback', 'front', '--keep-timer');
    assert.equal(back.exitCode, 0, back.stdout + back.stderr);
    assert.equal(await filesOf('front'), before);
    await workersAre('front.service', 2);
  });

  /** Calls autoscaler with a config, a state and backups for this service alone. */
  async function caller(name: string, service: string, project: Record<string, unknown> = {}) {
    const config = `/run/${name}.json`;
    const defaults = { service_name: service, max_workers: 8, cpu_thresholds: { scale_up_8: 100 } };
    await lab.writeFile(
      config,
      JSON.stringify({
        projects: { [name]: { ...defaults, ...project } },
        global: {
          apply: 'live',
          state_dir: `/var/lib/${name}`,
          backup_dir: `/var/backups/${name}`,
        },
      }),
    );
    return (...args: string[]) =>
      lab.autoscaler([...args, '--config', config], { timeoutMs: 120_000 });
  }

  /** Everything of a service that is on disk. */
  function filesOf(name: string): Promise<string> {
    const found = `find /etc /srv /usr/lib/systemd -path "*/${name}*" -not -name "*.pyc" -not -name __pycache__`;
    return lab.ok(
      `${found} -printf "%p %l %m\\n" | sort; ${found} -type f | sort | xargs -r sha256sum`,
    );
  }

  async function workersAre(service: string, count: number): Promise<void> {
    await lab.until(
      async () => {
        const script = `main=$(systemctl show -p MainPID --value ${service}); pgrep -c -P $main || true`;
        return Number(await lab.ok(script)) === count;
      },
      { what: `${count} workers of ${service}` },
    );
  }
});

/** The only service of `run --json`. */
function reportOf(stdout: string): { action: string; applied: boolean; reason: string } {
  const { services } = JSON.parse(stdout) as { services: ReturnType<typeof reportOf>[] };
  assert.equal(services.length, 1);
  return services[0]!;
}
