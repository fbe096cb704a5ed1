import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Lab } from '../../lab/lab.ts';
import type { Running } from '../../lab/running.ts';
import { installUnit } from '../../lab/services.ts';
import * as host from './host.ts';

/** What nobody gets an answer to costs a second or two; a busy machine needs more for all of it. */
const WITHIN_MS = 40_000;
const UNREADABLE = /its processes cannot be read: the kernel gave no answer/;

const LEFT =
  /its processes cannot be read: .*still waits for the kernel \(autoscaler-reads-bob\.service\.scope\)/;

describe(
  'a user who keeps others from looking at the memory of a process',
  { timeout: 200_000 },
  () => {
    let lab: Lab;

    before(async () => {
      lab = await host.startHost(['alice', 'bob']);
    });
    after(() => lab.stop());

    /** Whoever looks at the memory of such a process waits for ever: `ps` too. */
    describe('which holds its lock', () => {
      let frozen: Running & { said: string };

      before(async () => {
        await installUnit(
          lab,
          'alice.service',
          host.webUnit({ user: 'alice', port: 8001, count: '--workers 1' }),
        );
        await host.writeConfig(lab, {
          alice: { ...host.LIMITS, min_workers: 3 },
          shop: host.LIMITS,
        });
        await lab.autoscaler(['scale', 'alice', '2', '--force']);
        const group = (await lab.ok('systemctl show -P ControlGroup alice')).trim();
        frozen = await host.startAs(lab, 'root', ['frozen.py', '/run/frozen', group, 'alice']);
        const pid = frozen.said.split(' ')[1]!.trim();
        const look = await lab.sh(`timeout -s KILL 2 cat /proc/${pid}/cmdline`);
        assert.equal(look.exitCode, 137, 'its command line does not come');
      });
      after(async () => {
        frozen.stdin.end();
        await frozen.done;
      });

      test('a run serves the others, and says what is wrong with that one', async () => {
        const { ms, get } = await host.run(lab, { seconds: 100 });
        assert.ok(ms < WITHIN_MS, `${ms} ms`);
        host.assertServed(get('shop'));
        const { applied, error } = get('alice');
        assert.equal(applied, false);
        assert.match(error ?? '', UNREADABLE);
        const changes = await lab.ok('ls /var/backups/autoscaler/changes');
        assert.equal(changes.trim().split('\n').length, 2, 'hers was not begun');
      });

      for (const command of [
        'status',
        'metrics all',
        'check',
        'scale alice 3',
        'rollback alice --keep-timer',
      ]) {
        test(`nor does ${command} wait for it`, async () => {
          const { ms, stdout, stderr, isLate } = await host.measured(lab, command.split(' '));
          assert.ok(!isLate && ms < WITHIN_MS, `${ms} ms`);
          host.assertNoTrace(stdout + stderr);
          assert.match(stdout + stderr, UNREADABLE);
          if (command === 'status') assert.match(stdout, /alice +2\/\?/);
        });
      }
    });

    /** What it had mapped is given back by whoever looks at it last, which can take for ever: SIGKILL does not end that. */
    describe('which ends meanwhile, with a page that its file system does not take', () => {
      let server: Running;

      before(async () => {
        const uid = (await lab.ok('id -u bob')).trim();
        await lab.ok('mkdir -p /srv/bob');
        const page = `page=${'x'.repeat(4096)}`;
        server = await host.startAs(lab, 'root', ['hung.py', '/srv/bob', 'WRITE', uid, page]);
        const execStart = `/usr/bin/gunicorn --workers 1 --bind 127.0.0.1:8002 --chdir ${host.PROGRAMS} leaving:app`;
        await installUnit(lab, 'bob.service', host.webUnit({ user: 'bob', port: 8002, execStart }));
        // its worker has loaded it
        await lab.ok('curl --silent --fail --max-time 30 http://127.0.0.1:8002/');
        await host.reset(lab);
        await lab.ok('systemctl restart shop');
        await host.writeConfig(lab, {
          // what its workers hold is measured for that
          bob: { ...host.LIMITS, memory_threshold_mb: 1 },
          shop: host.LIMITS,
        });
      });
      after(async () => {
        server.stdin.end();
        await server.done;
      });

      const listReaders = async (): Promise<string[]> =>
        (await lab.sh('pgrep --exact head')).stdout.split('\n').filter((pid) => pid !== '');

      test('the service serves the others and ends', async () => {
        const beganMs = Date.now();
        await lab.sh('systemctl start autoscaler.service');
        const ms = Date.now() - beganMs;
        assert.equal((await listReaders()).length, 1, 'one waits for ever');
        assert.ok(ms < WITHIN_MS, `${ms} ms`);
        await lab.ok('pgrep --parent $(systemctl show -P MainPID shop) --count | grep -qx 2');
        assert.match(await lab.ok('journalctl --no-pager -u autoscaler'), LEFT);
        const changes = await lab.ok('ls /var/backups/autoscaler/changes');
        assert.equal(changes.trim().split('\n').length, 1, 'hers was not begun');
      });

      test('nor do later runs wait, or leave another: it is not looked at, and they say why', async () => {
        const readers = await listReaders();
        await host.reset(lab);
        await lab.ok('systemctl restart shop');
        const { ms, get } = await host.run(lab, { seconds: 100 });
        assert.ok(ms < WITHIN_MS, `${ms} ms`);
        host.assertServed(get('shop'));
        const { applied, error } = get('bob');
        assert.equal(applied, false);
        assert.match(error ?? '', LEFT);
        assert.deepEqual(await listReaders(), readers);
      });
    });
  },
);
