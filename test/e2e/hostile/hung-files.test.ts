import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Lab } from '../../lab/lab.ts';
import type { Running } from '../../lab/running.ts';
import { installUnit } from '../../lab/services.ts';
import { until } from '../../lab/until.ts';
import * as host from './host.ts';

/** The watchdog would end it after 30 s. */
const WITHIN_MS = 40_000;
const OF_A_USER = /\/srv\/alice \(fuse\) is served by user \d+, who may never answer/;
const SILENT = /\/srv\/alice \(fuse\) did not answer within 2 s/;

/** A file server that is gone, or a process that serves files (FUSE): a call of the kernel may come back from it to nobody. */
describe('an environment file on a file system that may not answer', { timeout: 150_000 }, () => {
  let lab: Lab;
  let uid: string;

  before(async () => {
    lab = await host.startHost(['alice']);
    uid = (await lab.ok('id -u alice')).trim();
    await lab.ok('mkdir -p /srv/alice && echo WEB_CONCURRENCY=2 > /srv/alice/env');
    const lines = ['EnvironmentFile=/srv/alice/env', 'WorkingDirectory=/srv/alice'];
    const execStart = `/usr/bin/gunicorn --chdir ${host.WEB} --bind unix:/srv/alice/socket web:app`;
    await installUnit(
      lab,
      'alice.service',
      host.webUnit({ user: 'root', port: 0, lines, execStart }),
    );
    await host.writeConfig(lab, { alice: host.LIMITS, shop: host.LIMITS });
  });
  after(() => lab.stop());

  /** Does `use` while the file system is mounted; `said`: all that its server has printed. */
  async function whileMounted(
    [where, owner]: [where: string, owner: string],
    use: (mounted: { server: Running; said: () => string }) => Promise<void>,
  ): Promise<void> {
    const args = ['/srv/alice', where, owner, 'env=WEB_CONCURRENCY=2\n'] as const;
    const server = await host.startAs(lab, 'root', ['hung.py', ...args]);
    let said = '';
    server.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    try {
      await use({ server, said: () => said });
    } finally {
      server.stdin.end();
      await server.done;
    }
  }

  async function assertOthersServed(why: RegExp): Promise<void> {
    await host.reset(lab);
    await lab.ok('systemctl restart shop');
    const { get, ms } = await host.run(lab);
    assert.ok(ms < WITHIN_MS, `${ms} ms`);
    host.assertServed(get('shop'));
    const { applied, reason, error } = get('alice');
    assert.equal(applied, false);
    assert.match(`${reason} ${error ?? ''}`, why);
  }

  for (const where of ['LOOKUP', 'GETATTR', 'OPEN', 'READ', 'STATFS']) {
    test(`of a user, that hangs at ${where}: it is not even asked`, () =>
      whileMounted([where, uid], async ({ said }) => {
        const { stdout, stderr, ms, isLate } = await host.measured(lab, ['run', '--dry-run']);
        assert.ok(!isLate && ms < WITHIN_MS, `${ms} ms`);
        assert.match(stdout.replaceAll(/\s+/g, ' ') + stderr, OF_A_USER);
        assert.doesNotMatch(said(), /hung/);
      }));
  }

  test('of a user: a run serves the others, and no command waits for it', () =>
    whileMounted(['ALL', uid], async ({ said }) => {
      await assertOthersServed(OF_A_USER);
      for (const command of [
        ...['status', 'metrics all', 'check', 'scale alice 3', 'explain alice'],
        ...['rollback --dry-run', 'init --yes --config /run/new.json'],
      ]) {
        const { stdout, stderr, ms, isLate } = await host.measured(lab, command.split(' '));
        assert.ok(!isLate && ms < WITHIN_MS, `${command}: ${ms} ms`);
        host.assertNoTrace(stdout + stderr);
      }
      assert.doesNotMatch(said(), /hung/);
    }));

  test("root's, that answers: it is read", () =>
    whileMounted(['LATER-ALL', '0'], async ({ server, said }) => {
      const { stdout } = await host.measured(lab, ['run', '--dry-run', '--json']);
      assert.match(stdout, /"project": ?"alice",[^}]*"workers": ?2/);
      assert.equal(said(), '');
      // and then no more
      server.stdin.write('\n');
      await until(() => said().includes('on'), {
        what: 'the word that it hangs from now on',
        everyMs: 20,
      });
      await assertOthersServed(SILENT);
    }));

  test("root's, that hangs: it is asked by a program that is left behind, once", () =>
    whileMounted(['GETATTR', '0'], async ({ said }) => {
      const beganMs = Date.now();
      await lab.sh('systemctl start autoscaler.service');
      assert.ok(Date.now() - beganMs < WITHIN_MS, 'the service ends with the run');
      await assertOthersServed(SILENT);
      assert.match(said(), /hung/);
      const units = await lab.ok('systemctl list-units --plain --no-legend "autoscaler-asks-*"');
      assert.equal(units.trim().split('\n').length, 1, units);
    }));
});
