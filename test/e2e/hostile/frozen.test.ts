import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Lab } from '../../lab/lab.ts';
import type { Running } from '../../lab/running.ts';
import { installUnit } from '../../lab/services.ts';
import * as host from './host.ts';

/** What nobody gets an answer to costs a second or two; a busy machine needs more for all of it. */
const WITHIN_MS = 20_000;
const UNREADABLE = /its processes cannot be read: the kernel gave no answer/;

/** Whoever looks at the memory of such a process waits for ever: `ps` too. */
describe(
  'a user one of whose processes lets nobody look at its memory',
  { timeout: 120_000 },
  () => {
    let lab: Lab;
    let frozen: Running & { said: string };

    before(async () => {
      lab = await host.startHost(['alice']);
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
      await lab.stop();
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
  },
);
