import { after, before, beforeEach, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import type { CheckDocument } from '../../src/commands/check/report.ts';
import { startLab, type Lab } from '../lab/lab.ts';
import { APPS, gunicornUnit, installUnit } from '../lab/services.ts';

const PATIENT = { timeoutMs: 180_000 };
const UNIT = '/etc/systemd/system/web.service';
const SOCKET = '/run/gunicorn/socket';
const DEBIAN = [
  'RuntimeDirectory=gunicorn',
  'PIDFile=/run/gunicorn/pid',
  'PrivateTmp=true',
  'ExecReload=/bin/kill -s HUP $MAINPID',
];

let lab: Lab;
before(async () => {
  lab = await startLab();
  const web = { min_workers: 3, max_workers: 6, cpu_thresholds: { scale_up_6: 99 } };
  const config = { projects: { web }, global: { apply: 'restart' } };
  await lab.writeFile('/etc/autoscaler/config.json', JSON.stringify(config), { mode: 0o600 });
});
after(() => lab.stop());
beforeEach(async () => {
  await lab.ok('rm -rf /etc/systemd/system/web.* /etc/systemd/system/other.*');
  // first: one that must not be stopped may be stopped once systemd has forgotten that
  await lab.ok('systemctl daemon-reload');
  await lab.sh('systemctl stop web.socket web other; systemctl reset-failed');
});

async function check(): Promise<string[]> {
  const { stdout } = await lab.autoscaler(['check', '--json']);
  const { findings } = JSON.parse(stdout) as CheckDocument;
  return findings.map(({ severity, code, evidence }) => `${severity} ${code}: ${evidence}`);
}

/** A request answered over the Unix socket. */
function ask(path = SOCKET): Promise<string> {
  return lab.ok(`curl -sS --max-time 10 --unix-socket ${path} http://web/`);
}

describe('a service that must not be restarted', () => {
  test('RefuseManualStop=: check and a dry run foresee it; it is changed while it runs', async () => {
    await installUnit(
      lab,
      'web.service',
      gunicornUnit().replace('[Unit]', '[Unit]\nRefuseManualStop=yes'),
    );
    const found = await check();
    assert.ok(
      found.some((each) => /^warning restart_barred: .*RefuseManualStop=yes/.test(each)),
      found.join('\n'),
    );
    const dry = await lab.autoscaler(['scale', 'web', '3', '--dry-run']);
    assert.match(dry.stdout, /it would be changed without a restart: .*RefuseManualStop=yes/);
    const { exitCode, stdout } = await lab.autoscaler(['scale', 'web', '3'], PATIENT);
    assert.equal(exitCode, 0, stdout);
    assert.match(stdout, /verified: 3 running, without a restart/);
  });

  test('two masters: said by check, and nothing is touched', async () => {
    const options = `--chdir ${APPS} web:app --bind 127.0.0.1`;
    const second = ['gunicorn', ...`${options}:8001`.split(' ')].map((word) => `"${word}"`);
    await lab.writeFile(
      '/srv/second.py',
      `import os\nos.execv("/usr/bin/gunicorn", [${second.join(', ')}])\n`,
    );
    const text = gunicornUnit({
      lines: ['NotifyAccess=all'],
      execStart: `/bin/sh -c '/usr/bin/python3 /srv/second.py & /usr/bin/gunicorn ${options}:8000 --workers 2; wait'`,
    });
    await installUnit(lab, 'web.service', text);
    const before = await lab.ok('systemctl show -P InvocationID web');
    await lab.until(
      async () =>
        (await check()).some((each) => /^error restart_barred: .*more than one master/.test(each)),
      { what: 'two masters' },
    );
    const { exitCode, stdout, stderr } = await lab.autoscaler(['scale', 'web', '3'], PATIENT);
    assert.equal(exitCode, 1, stdout);
    assert.match(
      `${stdout}${stderr}`,
      /was not applied: it has more than one master \(processes \d+/,
    );
    assert.equal(await lab.ok('systemctl show -P InvocationID web'), before);
    assert.equal(await lab.readFile(UNIT), text);
  });

  test('none that shows: nobody could tell whether a change has taken, so nothing is touched', async () => {
    const text = gunicornUnit({
      execStart: `@/usr/bin/python3 web /usr/bin/gunicorn --workers 2 --bind 127.0.0.1:8000 web:app`,
    });
    await installUnit(lab, 'web.service', text);
    const before = await lab.ok('systemctl show -P InvocationID web');
    const found = await check();
    assert.ok(
      found.some((each) => /^error .*none of its processes is a Gunicorn master/.test(each)),
      found.join('\n'),
    );
    const { exitCode, stdout, stderr } = await lab.autoscaler(['scale', 'web', '3'], PATIENT);
    assert.equal(exitCode, 1, stdout);
    assert.match(`${stdout}${stderr}`, /a change of it could not be verified/);
    assert.equal(await lab.ok('systemctl show -P InvocationID web'), before);
    assert.equal(await lab.readFile(UNIT), text);
  });

  test('an upgrade under way (SIGUSR2): said by check, and nothing is touched', async () => {
    const text = gunicornUnit();
    await installUnit(lab, 'web.service', text);
    const before = await lab.ok('systemctl show -P MainPID web');
    await lab.ok('kill -USR2 $(systemctl show -P MainPID web)');
    await lab.until(
      async () => (await check()).find((each) => /an upgrade is under way/.test(each)),
      {
        what: 'the second master',
      },
    );
    const { exitCode, stdout } = await lab.autoscaler(['scale', 'web', '3'], PATIENT);
    assert.equal(exitCode, 1, stdout);
    assert.match(
      stdout,
      /was not applied: an upgrade is under way \(SIGUSR2\).*: process \d+ is a second/,
    );
    assert.equal(await lab.ok('systemctl show -P MainPID web'), before);
    assert.equal(await lab.readFile(UNIT), text);
  });
});

describe('a socket that a restart would take away', () => {
  test('that of the socket unit in RuntimeDirectory=: check foresees it, it is changed while it runs', async () => {
    await lab.writeFile('/etc/systemd/system/web.socket', `[Socket]\nListenStream=${SOCKET}\n`);
    const text = gunicornUnit({
      bind: `unix:${SOCKET}`,
      args: '--pid /run/gunicorn/pid',
      lines: DEBIAN,
    });
    await installUnit(lab, 'web.service', text.replace('[Unit]', '[Unit]\nRequires=web.socket'));
    assert.equal(await ask(), 'ok\n');
    const found = await check();
    assert.ok(
      found.some((each) =>
        /^warning restart_barred: .*\/run\/gunicorn\/socket, on which web\.socket listens/.test(
          each,
        ),
      ),
      found.join('\n'),
    );
    const { exitCode, stdout } = await lab.autoscaler(['scale', 'web', '3'], PATIENT);
    assert.equal(exitCode, 0, stdout);
    assert.match(stdout, /verified: 3 running, without a restart/);
    assert.equal(await ask(), 'ok\n');
  });

  test("another service's in a RuntimeDirectory= that both have", async () => {
    const other = '/run/gunicorn/other';
    const shared = { lines: ['RuntimeDirectory=gunicorn'] };
    await installUnit(lab, 'web.service', gunicornUnit({ bind: `unix:${SOCKET}`, ...shared }));
    await installUnit(lab, 'other.service', gunicornUnit({ bind: `unix:${other}`, ...shared }));
    const found = await check();
    assert.ok(
      found.some((each) =>
        /^warning restart_barred: .*\/run\/gunicorn\/other, on which another service/.test(each),
      ),
      found.join('\n'),
    );
    assert.ok(
      found.some((each) =>
        /^warning socket_in_foreign_folder: it listens on \/run\/gunicorn\/socket, in \/run\/gunicorn of other\.service/.test(
          each,
        ),
      ),
      found.join('\n'),
    );
    const { exitCode, stdout } = await lab.autoscaler(['scale', 'web', '3'], PATIENT);
    assert.equal(exitCode, 0, stdout);
    assert.equal(await ask(other), 'ok\n');
    assert.equal(await ask(), 'ok\n');
  });

  test('its own: it is restarted, and makes it again', async () => {
    const lines = ['RuntimeDirectory=gunicorn'];
    await installUnit(lab, 'web.service', gunicornUnit({ bind: `unix:${SOCKET}`, lines }));
    const { exitCode, stdout } = await lab.autoscaler(['scale', 'web', '3'], PATIENT);
    assert.equal(exitCode, 0, stdout);
    assert.match(stdout, /verified: 3 running$/m);
    assert.equal(await ask(), 'ok\n');
  });
});

describe('a service that the system does not have', () => {
  test('check says where it was seen: in the systemd of a user, in a container', async () => {
    await lab.ok('useradd -u 4001 -m alice');
    const uid = { uid: 4001, gid: 4001 };
    await lab.writeFile('/home/alice/.config/systemd/user/web.service', gunicornUnit(), uid);
    await lab.ok(
      `systemd-run --scope --unit=docker-0123456789ab.scope --working-directory=${APPS} sh -c '/usr/bin/gunicorn --daemon --bind 127.0.0.1:8002 web:app'`,
    );
    const found = await lab.until(
      async () => (await check()).find((each) => /docker-/.test(each)),
      { what: 'the container' },
    );
    assert.match(
      found,
      /^error unit_not_loaded: web\.service is not-found: [^;]*; found instead: \/home\/alice\/\.config\/systemd\/user\/web\.service, a unit of alice's own systemd \(systemctl --user\); gunicorn \(process \d+\) in a container \(docker-0123456789ab\.scope\)/,
    );
    await lab.ok('systemctl stop docker-0123456789ab.scope');
  });
});
