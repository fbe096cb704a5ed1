import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Lab, startLab } from '../lab/lab.ts';
import { APPS, redisUnit, installUnit } from '../lab/services.ts';

/** A service whose number stands in a file of alice's; `<u>` stands for its name without `.service`. */
interface Case {
  name: string;
  /** files of root's, and those below /home/alice are hers */
  files: Record<string, string>;
  links?: Record<string, string>;
  /** the lines of our drop-in below `[Service]`, for 4 workers; null: it is refused */
  ours: string[] | null;
  /** the line of our environment file */
  environment?: string;
  says?: RegExp;
}

const UNIT = '/etc/systemd/system/<u>.service';
const ENV = '/home/alice/<u>/env';
const OURS = '/etc/systemd/system/<u>.service.d';
const NAMED = ['EnvironmentFile=-/etc/systemd/system/<u>.service.d/50-autoscaler.env'];

const unit = (exec: string, ...lines: string[]): string =>
  ['[Service]', ...lines, `WorkingDirectory=${APPS}`, `ExecStart=${exec}`, ''].join('\n');
const withEnv = (exec: string, ...lines: string[]): string =>
  unit(exec, `EnvironmentFile=${ENV}`, 'User=alice', ...lines);
const celery = (rest: string): string =>
  withEnv(
    `/usr/bin/celery --app tasks worker -n <u>@%%h ${rest}`,
    'Environment=BROKER_URL=redis://127.0.0.1:6379/0',
  );

const CASES: Case[] = [
  {
    name: 'Gunicorn, a variable that is the number',
    files: { [UNIT]: withEnv('/usr/bin/gunicorn web:app'), [ENV]: '# hers\nWEB_CONCURRENCY=2\n' },
    ours: NAMED,
    environment: 'WEB_CONCURRENCY=4',
  },
  {
    name: 'Celery, a variable that is the number',
    files: { [UNIT]: celery('--concurrency=${N}'), [ENV]: 'A=b\nN="2"\n' },
    ours: NAMED,
    environment: 'N=4',
  },
  {
    name: 'Gunicorn, a variable of options',
    files: {
      [UNIT]: withEnv('/usr/bin/gunicorn $OPTS web:app'),
      [ENV]: 'OPTS=--threads 1 --workers 2\n',
    },
    ours: ['ExecStart=', 'ExecStart=/usr/bin/gunicorn $OPTS web:app --workers=4'],
  },
  {
    name: 'Celery, a variable of options',
    files: { [UNIT]: celery('$OPTS'), [ENV]: 'OPTS="-l info --concurrency=2"\n' },
    ours: [
      'ExecStart=',
      'ExecStart=/usr/bin/celery --app tasks worker -n <u>@%%h $OPTS --concurrency=4',
    ],
  },
  {
    name: 'GUNICORN_CMD_ARGS',
    files: {
      [UNIT]: withEnv('/usr/bin/gunicorn web:app'),
      [ENV]: `GUNICORN_CMD_ARGS="--workers 2 --name '50 %n'"\n`,
    },
    ours: ['ExecStart=', 'ExecStart=/usr/bin/gunicorn web:app --workers=4'],
  },
  {
    name: 'the unit itself is a link into her home',
    files: {
      '/home/alice/<u>/<u>.service': `${unit('/usr/bin/gunicorn \\\n# hers\n  --workers 2 web:app', 'User=alice')}# end`,
    },
    links: { [UNIT]: '/home/alice/<u>/<u>.service' },
    ours: ['ExecStart=', 'ExecStart=/usr/bin/gunicorn    --workers 4 web:app'],
  },
  {
    name: 'a drop-in that is a link into her home',
    files: {
      [UNIT]: unit('/usr/bin/gunicorn web:app', 'User=alice'),
      '/home/alice/<u>/10.conf': '[Service]\nEnvironment="WEB_CONCURRENCY=2"\n',
    },
    links: { [`${OURS}/10.conf`]: '/home/alice/<u>/10.conf' },
    ours: ['Environment=WEB_CONCURRENCY=4'],
  },
  {
    name: 'an environment file of root’s name that leads to hers',
    files: {
      [UNIT]: unit('/usr/bin/gunicorn web:app', 'EnvironmentFile=/etc/<u>.env'),
      [ENV]: 'WEB_CONCURRENCY=2\n',
    },
    links: { '/etc/<u>.env': ENV },
    ours: NAMED,
    environment: 'WEB_CONCURRENCY=4',
  },
  {
    name: 'a wrapper of hers that sets the number',
    files: {
      [UNIT]: unit('/home/alice/<u>/start.sh', 'User=alice'),
      '/home/alice/<u>/start.sh': '#!/bin/sh\nexec /usr/bin/gunicorn --workers 2 web:app\n',
    },
    ours: null,
    says: /start\.sh", whose content is unknown and is not root's alone: it belongs to user \d+\n.*start gunicorn/,
  },
  {
    name: 'her Gunicorn config sets the number',
    files: {
      [UNIT]: unit('/usr/bin/gunicorn -c /home/alice/<u>/conf.py web:app', 'User=alice'),
      '/home/alice/<u>/conf.py': 'workers = 2\n',
    },
    ours: ['Environment=GUNICORN_CMD_ARGS=--workers=4'],
  },
];

describe('the number stands in a file that is not root’s', () => {
  let lab: Lab;
  before(async () => {
    lab = await startLab();
    await lab.ok('useradd --create-home alice');
    await installUnit(lab, 'redis.service', redisUnit());
  });
  after(() => lab.stop());

  test('all of them', { concurrency: 2 }, async (t) => {
    await Promise.all(
      CASES.map((each, index) => t.test(each.name, () => check(each, `w${index}`))),
    );
  });

  async function check({ files, links = {}, ours, environment, says }: Case, name: string) {
    const named = (text: string): string => text.replaceAll('<u>', name);
    const port = 8100 + Number(name.slice(1));
    // side by side, each needs a port of its own
    const bound = (text: string): string =>
      named(text).replaceAll('/usr/bin/gunicorn', `/usr/bin/gunicorn -b 127.0.0.1:${port}`);
    for (const [path, text] of Object.entries(files)) {
      await lab.writeFile(named(path), bound(text), { mode: 0o755 });
    }
    for (const [path, to] of Object.entries(links)) {
      await lab.ok(named(`mkdir -p $(dirname ${path}) && ln -s ${to} ${path}`));
    }
    await lab.ok(named('chown -R alice:alice /home/alice/<u>'));
    const config = `/run/${name}.json`;
    const global = { state_dir: `/var/lib/${name}`, backup_dir: `/var/backups/${name}` };
    await lab.writeFile(config, JSON.stringify({ projects: {}, global }));
    await lab.ok(`systemctl daemon-reload && systemctl start ${name}`);
    await lab.until(async () => (await countWorkers(name)) === 2, { what: '2 workers' });

    const hers = () =>
      lab.ok(
        named(
          'cd /home/alice/<u> && find . -printf "%p %i %T@ %C@ %u %m %s\\n" && cat $(find . -type f)',
        ),
      );
    const roots = () =>
      lab.ok(
        named(
          `cd /etc/systemd/system && find . -path "*<u>.*" -printf "%p %l\\n" | sort && cat $(find . -path "*<u>.*" -type f)`,
        ),
      );
    const [itsFiles, itsUnit] = [await hers(), await roots()];
    const call = (...args: string[]) =>
      lab.autoscaler([...args, '--config', config], { timeoutMs: 180_000 });

    const dry = await call('scale', name, '4', '--dry-run');
    const done = await call('scale', name, '4');
    assert.equal(await hers(), itsFiles, done.stderr);
    if (ours === null) {
      assert.deepEqual([dry.exitCode, done.exitCode], [1, 1], done.stdout);
      assert.match(done.stderr, says ?? /./);
      assert.equal(await roots(), itsUnit);
      assert.equal(await countWorkers(name), 2);
      return;
    }
    assert.equal(dry.exitCode, 0, dry.stderr);
    assert.match(dry.stdout, /2 → 4 workers/);
    assert.equal(done.exitCode, 0, done.stdout + done.stderr);
    assert.match(done.stdout, /2 → 4 workers; verified: 4 running/);
    const dropIn = (await lab.readFile(named(`${OURS}/50-autoscaler.conf`))).split('\n');
    assert.deepEqual(dropIn.slice(dropIn.indexOf('[Service]') + 1, -1), ours.map(bound));
    const { stdout: last } = await lab.sh(named(`tail -n 1 ${OURS}/50-autoscaler.env`));
    assert.equal(last.trim(), environment ?? '');
    // systemd itself reads it so
    await lab.ok(`systemctl restart ${name}`);
    await lab.until(async () => (await countWorkers(name)) === 4, { what: '4 workers' });

    const again = await call('scale', name, '3');
    assert.match(again.stdout, /4 → 3 workers; verified: 3 running/, again.stderr);
    const back = await call('rollback', name, '--keep-timer');
    assert.equal(back.exitCode, 0, back.stdout + back.stderr);
    assert.match(back.stdout, /3 → 2 workers \(rolled back\); verified: 2 running/);
    assert.deepEqual([await hers(), await roots()], [itsFiles, itsUnit]);
    assert.equal(await countWorkers(name), 2);
  }

  test('a change of the version before in a file that is hers is not taken back by root', async () => {
    const env = '/etc/old/env';
    await lab.writeFile(env, 'WEB_CONCURRENCY=2\n');
    await lab.writeFile(
      '/etc/systemd/system/old.service',
      unit('/usr/bin/gunicorn -b 127.0.0.1:8300 web:app', `EnvironmentFile=${env}`),
    );
    await lab.ok('systemctl daemon-reload && systemctl start old');
    const done = await lab.autoscaler(['scale', 'old', '3'], { timeoutMs: 180_000 });
    assert.equal(done.exitCode, 0, done.stdout + done.stderr);
    assert.equal(await lab.readFile(env), 'WEB_CONCURRENCY=3\n');
    await lab.ok('chown -R alice /etc/old');
    const was = await lab.ok(`stat -c '%i %y %z' ${env}`);
    const back = await lab.autoscaler(['rollback', 'old', '--keep-timer']);
    assert.equal(back.exitCode, 1, back.stdout);
    assert.match(
      back.stdout + back.stderr,
      /belongs to user \d+, and root writes only where nobody else can; nothing was changed\. The original is in \/var\/backups\/autoscaler\/changes\/\S+, for its owner to restore \(the number alone: autoscaler scale old\.service 2\)/,
    );
    assert.equal(await lab.ok(`stat -c '%i %y %z' ${env}`), was);
    // which is what helps
    const number = await lab.autoscaler(['scale', 'old', '2'], { timeoutMs: 180_000 });
    assert.match(number.stdout, /3 → 2 workers; verified: 2 running/, number.stderr);
    assert.equal(await lab.ok(`stat -c '%i %y %z' ${env}`), was);
  });

  test('traps in place of her environment file cost her project its change, quickly, and nobody else anything', async () => {
    await lab.writeFile('/home/alice/trap/env', 'WEB_CONCURRENCY=2\n');
    await lab.ok('chown -R alice:alice /home/alice/trap');
    for (const [name, env] of [
      ['trap', '/home/alice/trap/env'],
      ['mine', '/etc/mine.env'],
    ] as const) {
      if (name === 'mine') await lab.writeFile(env, 'WEB_CONCURRENCY=2\n');
      const port = name === 'trap' ? 8301 : 8302;
      await installUnit(
        lab,
        `${name}.service`,
        unit(`/usr/bin/gunicorn -b 127.0.0.1:${port} web:app`, `EnvironmentFile=${env}`),
      );
    }
    const project = { min_workers: 3, max_workers: 4, cpu_thresholds: { scale_up_4: 100 } };
    await lab.writeFile(
      '/etc/autoscaler/config.json',
      JSON.stringify({ projects: { trap: project, mine: project } }),
    );
    const traps: [script: string, says: RegExp][] = [
      ['mkfifo env', /env cannot be read \(a pipe, not a plain file\)/],
      ['ln -s /dev/zero env', /env cannot be read \(a device, not a plain file\)/],
      ['truncate -s 4M env', /env cannot be read \(larger than 256 KB\)/],
      ['mkdir env', /env cannot be read \(a folder, not a file\)/],
      ['ln -s env env', /env cannot be read \(ELOOP\)/],
    ];
    for (const [script, says] of traps) {
      await lab.ok(`cd /home/alice/trap && rm -rf env && runuser -u alice -- ${script}`);
      await lab.ok(
        'rm -rf /etc/systemd/system/mine.service.d; printf "WEB_CONCURRENCY=2\\n" > /etc/mine.env; systemctl daemon-reload; systemctl restart mine',
      );
      const began = Date.now();
      const { stdout, stderr, exitCode } = await lab.autoscaler(['run', '--json'], {
        timeoutMs: 120_000,
      });
      assert.ok(Date.now() - began < 60_000);
      assert.equal(exitCode, 1, stdout + stderr);
      const { services } = JSON.parse(stdout) as {
        services: { project: string; error: string | null; applied: boolean }[];
      };
      const of = (name: string) => services.find(({ project: each }) => each === name);
      assert.match(of('trap')?.error ?? '', says, script);
      assert.equal(of('mine')?.error, null, script);
      assert.equal(await lab.readFile('/etc/mine.env'), 'WEB_CONCURRENCY=3\n', script);
    }
  });

  /** Children of Gunicorn's or Celery's main process. */
  async function countWorkers(name: string): Promise<number> {
    const script = `main=$(systemctl show -p MainPID --value ${name}); pgrep -c -P $main || true`;
    return Number(await lab.ok(script));
  }
});
