import { after, before, beforeEach, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { startLab, type Lab } from '../lab/lab.ts';
import { gunicornUnit, installUnit } from '../lab/services.ts';

const PATIENT = { timeoutMs: 180_000 };
const UNIT = '/etc/systemd/system/web.service';
const CONF = '/srv/conf.py';

let lab: Lab;
before(async () => {
  lab = await startLab();
});
after(() => lab.stop());
beforeEach(async () => {
  await lab.sh('systemctl stop web.socket web; systemctl reset-failed; mkdir -p /srv/run');
  await lab.ok('rm -rf /etc/systemd/system/web.* /srv/run/*; systemctl daemon-reload');
});

/** Installs a Gunicorn that binds what its config file says. */
async function install(bind: string, lines: string[] = []): Promise<string> {
  await configure(bind);
  const execStart = `/usr/bin/gunicorn --workers 2 --config ${CONF} web:app`;
  const text = gunicornUnit({ execStart, lines });
  await installUnit(lab, 'web.service', text);
  return text;
}

function configure(bind: string): Promise<void> {
  return lab.writeFile(CONF, `bind = ${JSON.stringify(bind.split(' '))}\n`);
}

function scale(workers: number) {
  return lab.autoscaler(['scale', 'web', String(workers)], PATIENT);
}

describe('whether one can connect to a service after its restart', () => {
  test('a socket that is gone afterwards: the change has failed, with the reason', async () => {
    const text = await install('127.0.0.1:8000 unix:/srv/run/web.sock', [
      // what takes the socket away after the start, whatever it is in practice
      "ExecStartPost=/bin/sh -c 'test ! -e /srv/run/trap || rm -f /srv/run/web.sock'",
    ]);
    await lab.ok('touch /srv/run/trap');
    const { exitCode, stdout } = await scale(3);
    assert.equal(exitCode, 1, stdout);
    assert.match(
      stdout,
      /2 → 3 failed: nobody can connect to unix:\/srv\/run\/web\.sock any more, which worked before: there is no such socket/,
    );
    assert.equal(await lab.readFile(UNIT), text);
  });

  test('one place less, as a socket unit was stopped meanwhile: failed, with what is left', async () => {
    await install('127.0.0.1:8000');
    await lab.writeFile(
      '/etc/systemd/system/web.socket',
      '[Socket]\nListenStream=127.0.0.1:8000\nListenStream=@web\n',
    );
    await lab.ok('systemctl stop web; systemctl daemon-reload; systemctl start web.socket web');
    await lab.ok(
      'curl -sS http://127.0.0.1:8000/ && curl -sS --abstract-unix-socket web http://web/',
    );
    await lab.ok(
      'systemctl stop web.socket; rm /etc/systemd/system/web.socket; systemctl daemon-reload',
    );
    const { exitCode, stdout } = await scale(3);
    assert.equal(exitCode, 1, stdout);
    assert.match(
      stdout,
      /nobody can connect to unix:@web any more, which worked before: it listens only on 127\.0\.0\.1:8000/,
    );
  });

  test('somebody has edited its bind since it was started: applied, and both places are said', async () => {
    await install('127.0.0.1:8000 unix:/srv/run/web.sock', ['PrivateTmp=true']);
    await configure('0.0.0.0:8001 unix:/srv/run/web.sock');
    const { exitCode, stdout } = await scale(3);
    assert.equal(exitCode, 0, stdout);
    assert.match(
      stdout,
      /verified: 3 running; it listened on 127\.0\.0\.1:8000 before and listens on 0\.0\.0\.0:8001 now/,
    );
    assert.equal(await lab.ok('curl -sS --unix-socket /srv/run/web.sock http://web/'), 'ok\n');
  });

  test('sockets of its own /tmp, of IPv6, abstract, of a socket unit: all are as before', async () => {
    await install('[::1]:8000 unix:/tmp/web.sock', ['PrivateTmp=true']);
    const own = await scale(3);
    assert.equal(own.exitCode, 0, own.stdout);
    assert.match(own.stdout, /verified: 3 running$/m);
    await lab.ok('systemctl stop web');
    await lab.writeFile(
      '/etc/systemd/system/web.socket',
      '[Socket]\nListenStream=/tmp/given.sock\nListenStream=@web\n',
    );
    await lab.ok('systemctl daemon-reload && systemctl start web.socket web');
    const given = await scale(2);
    assert.equal(given.exitCode, 0, given.stdout);
    assert.match(given.stdout, /verified: 2 running$/m);
    assert.equal(await lab.ok('curl -sS --unix-socket /tmp/given.sock http://web/'), 'ok\n');
  });
});
