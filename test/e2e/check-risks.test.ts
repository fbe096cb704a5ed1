import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { CheckDocument } from '../../src/commands/check/report.ts';
import { startLab, type Lab } from '../lab/lab.ts';

const CONFIG = '/etc/autoscaler/config.json';
const SECRET = 's3cret-word';
const APP = 'def app(environ, start):\n    start("200 OK", [])\n    return [b""]\n';

const RISKS =
  /^(?:unit_file_foreign|environment_file_foreign|code_foreign|password_readable|broker_unprotected)$/;

/** A unit of Gunicorn; nothing of it is started. */
function unit(...lines: string[]): string {
  const exec = lines.some((line) => line.startsWith('ExecStart='))
    ? []
    : ['ExecStart=/usr/bin/gunicorn --workers 2 app:app'];
  return ['[Service]', ...lines, ...exec, ''].join('\n');
}

describe('what check finds risky on a host', { timeout: 200_000 }, () => {
  let lab: Lab;
  before(async () => {
    lab = await startLab();
    await lab.ok('useradd -u 4001 -m -K HOME_MODE=0755 alice');
    for (const path of ['/srv/clean/app.py', '/srv/mixed/app.py', '/srv/mixed/shop/__init__.py'])
      await lab.writeFile(path, APP);
    await lab.writeFile('/srv/mixed/shop/views.py', APP, { uid: 4001, gid: 4001 });
    await lab.ok(
      'cd /home/alice && mkdir -p app venv/bin && printf "\n" > venv/pyvenv.cfg && ln -s /usr/bin/python3 venv/bin/python && printf "#!/home/alice/venv/bin/python\n" > venv/bin/gunicorn && chmod 755 venv/bin/gunicorn && printf "A=1\n" > env && chown -R alice: .',
    );
  });
  after(() => lab.stop());

  /** The risky findings of units, by project, as one would have them in the config. */
  async function check(units: Record<string, string>, keys: object = {}, mode = 0o640) {
    const projects: Record<string, object> = {};
    for (const [name, text] of Object.entries(units)) {
      await lab.writeFile(`/etc/systemd/system/${name}.service`, text);
      projects[name] = { max_workers: 4, cpu_thresholds: { scale_up_4: 60 }, ...keys };
    }
    await lab.ok('systemctl daemon-reload');
    await lab.writeFile(CONFIG, JSON.stringify({ projects }), { mode });
    const { stdout, stderr } = await lab.autoscaler(['check', '--json']);
    assert.ok(!`${stdout}${stderr}`.includes(SECRET), 'a secret is printed');
    const { findings } = JSON.parse(stdout) as CheckDocument;
    return findings.filter(({ code }) => RISKS.test(code));
  }

  test('a clean host has no such finding: services of users from their homes, one of root from /srv', async () => {
    const units = Object.fromEntries(
      [...'abcdefgh'].map((name) => [
        name,
        unit(
          'User=alice',
          'WorkingDirectory=/home/alice/app',
          'ExecStart=/home/alice/venv/bin/gunicorn -w 2 app:app',
        ),
      ]),
    );
    const found = await check({
      ...units,
      root: unit('WorkingDirectory=/srv/clean', 'EnvironmentFile=-/etc/default/none'),
      dynamic: unit('DynamicUser=yes', 'WorkingDirectory=/srv/clean'),
    });
    assert.deepEqual(found, []);
  });

  interface Row {
    name: string;
    text: string;
    before?: string;
    found: string[];
    evidence: RegExp[];
  }
  const rows: Row[] = [
    {
      name: "as root from a user's home: working directory and environment file",
      text: unit('WorkingDirectory=/home/alice/app', 'EnvironmentFile=/home/alice/env'),
      found: ['warning environment_file_foreign', 'warning code_foreign'],
      evidence: [
        /environment file \/home\/alice\/env \(alice:alice, mode 0644\)/,
        /working directory \/home\/alice\/app \(\/home\/alice is alice:alice, mode 0755\)/,
      ],
    },
    {
      name: 'as root by a virtual environment of a user',
      text: unit(
        'WorkingDirectory=/srv/clean',
        'ExecStart=/home/alice/venv/bin/gunicorn -w 2 app:app',
      ),
      found: ['warning code_foreign'],
      evidence: [
        /program \/home\/alice\/venv\/bin\/gunicorn \(alice:alice, mode 0755\), interpreter \/home\/alice\/venv\/bin\/python \(the link .*\), virtual environment \/home\/alice\/venv /,
      ],
    },
    {
      name: 'as root by a shell, and a config and a folder of a user in options',
      text: unit(
        "ExecStart=/bin/sh -c 'exec /usr/bin/gunicorn -c /home/alice/conf.py --chdir=/home/alice/app -w 2 app:app'",
      ),
      before: 'printf "timeout = 9\n" > /home/alice/conf.py; chown alice: /home/alice/conf.py',
      found: ['warning code_foreign'],
      evidence: [/script \/home\/alice\/conf\.py .*folder \/home\/alice\/app /],
    },
    {
      name: "one file of a user's among the code of root",
      text: unit('WorkingDirectory=/srv/mixed'),
      found: ['warning code_foreign'],
      evidence: [/: code \/srv\/mixed\/shop\/views\.py \(alice:alice, mode 0644\)$/],
    },
    {
      name: 'as root with a search path of a user',
      text: unit('WorkingDirectory=/srv/clean', 'Environment=PYTHONPATH=/home/alice/app'),
      found: ['warning code_foreign'],
      evidence: [/PYTHONPATH \/home\/alice\/app \(/],
    },
    {
      name: 'User=, but a command with + and the environment of that user',
      text: unit(
        'User=alice',
        'EnvironmentFile=/home/alice/env',
        'ExecStartPre=+/usr/bin/install -d /run/shop',
      ),
      found: ['warning environment_file_foreign'],
      evidence: [/^it runs ExecStartPre=\/usr\/bin\/install as root .*\/home\/alice\/env/],
    },
    {
      name: 'User=, with an environment file of that user: by a link they could read what only root can',
      text: unit('User=alice', 'EnvironmentFile=/home/alice/env'),
      found: ['warning environment_file_foreign'],
      evidence: [
        /passes it to alice; .*: environment file \/home\/alice\/env \(alice:alice, mode 0644\)/,
      ],
    },
    {
      name: 'an environment file that all may write',
      text: unit('User=alice', 'EnvironmentFile=/etc/default/open'),
      before: 'touch /etc/default/open; chmod 666 /etc/default/open',
      found: ['warning environment_file_foreign'],
      evidence: [/any user .*environment file \/etc\/default\/open \(root:root, mode 0666\)/],
    },
    {
      name: 'a drop-in by a link into a home',
      text: unit('User=alice'),
      before:
        'mkdir -p /etc/systemd/system/x.service.d; printf "[Service]\nNice=1\n" > /home/alice/x.conf; chown alice: /home/alice/x.conf; ln -sf /home/alice/x.conf /etc/systemd/system/x.service.d/',
      found: ['warning unit_file_foreign'],
      evidence: [
        /unit file \S+\/x\.conf \((?:\/home\/alice\/x\.conf is )?alice:alice, mode 0644\)/,
      ],
    },
    {
      name: 'the password of a broker in a unit that all can read',
      text: unit('User=alice', `Environment=CELERY_BROKER_URL=redis://:${SECRET}@127.0.0.1/0`),
      before: 'rm -r /etc/systemd/system/x.service.d',
      found: ['warning password_readable'],
      evidence: [/file \/etc\/systemd\/system\/x\.service \(root:root, mode 0644\)/],
    },
    {
      name: 'one in an environment file of root alone is none',
      text: unit('User=alice', 'EnvironmentFile=/etc/default/secret'),
      before: `printf "B=redis://:${SECRET}@127.0.0.1/0\n" > /etc/default/secret; chmod 600 /etc/default/secret`,
      found: [],
      evidence: [],
    },
  ];
  for (const { name, text, before: prepare, found, evidence } of rows) {
    test(name, async () => {
      if (prepare !== undefined) await lab.ok(prepare);
      const findings = await check({ x: text });
      assert.deepEqual(
        findings.map(({ severity, code }) => `${severity} ${code}`),
        found,
        JSON.stringify(findings),
      );
      evidence.forEach((each, index) => assert.match(findings[index]?.evidence ?? '', each));
      assert.ok(findings.every(({ project }) => project === 'x'));
    });
  }

  test('the config that all can read has a password; a broker on the network without TLS', async () => {
    const keys = { broker_url: `redis://:${SECRET}@192.0.2.1:6379/0` };
    const findings = await check({ x: unit('User=alice') }, keys, 0o644);
    assert.deepEqual(
      findings.map(({ severity, code, project }) => `${severity} ${code} ${project}`),
      ['warning password_readable null', 'info broker_unprotected x'],
    );
  });
});
