import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Lab } from '../../lab/lab.ts';
import { installUnit } from '../../lab/services.ts';
import * as host from './host.ts';

/** The projects that hang, more than the changes that may be under way at once. */
const HANGING = ['hang1', 'hang2', 'hang3', 'hang4', 'hang5'];
const HONEST = ['shop', 'bob', 'carl', 'dave'];
const SMALL = Array.from({ length: 20 }, (_, index) => `small${index + 1}`);
/** So long may the others wait for those that hang, with their own changes, on a quiet machine; a busy one may take more. */
const WITHIN_S = 15;
const PATIENCE = 2;
/** What 300 small changes may take. */
const THREE_HUNDRED_MIN = 10;
const HANG = '/home/alice/hang';

describe('services that take their time', { timeout: 280_000 }, () => {
  let lab: Lab;

  before(async () => {
    lab = await host.startHost(['alice', 'bob', 'carl', 'dave']);
  });
  after(() => lab.stop());

  /** Alice's app stops loading while a file of hers is there; half of them load before Gunicorn says that it is ready. */
  const installHanging = async (name: string, index: number) => {
    const preload = index % 2 === 0 ? '--preload' : '';
    await installUnit(
      lab,
      `${name}.service`,
      host.webUnit({
        ...{ user: 'alice', port: 8100 + index },
        execStart: `/usr/bin/gunicorn ${preload} --workers 1 --bind 127.0.0.1:${8100 + index} --pythonpath ${host.PROGRAMS} hostile_app:app`,
        lines: ['Environment=HOSTILE=hang', `Environment=HANG_FILE=${HANG}`, 'TimeoutStopSec=2'],
      }),
    );
  };

  /** The honest services are there with one worker each, one less than their minimum. */
  const putBack = async () => {
    for (const [index, user] of HONEST.entries()) {
      const unit = host.webUnit({ user, port: 8000 + index, count: '--workers 1' });
      await lab.writeFile(`/etc/systemd/system/${user}.service`, unit);
    }
    await lab.ok(`systemctl daemon-reload; systemctl restart ${HONEST.join(' ')}`);
  };

  const startRun = () => {
    const running = lab.spawn(['/usr/bin/autoscaler', 'run', '--json'], { timeoutMs: 250_000 });
    running.stdin.end();
    return running;
  };

  /** Waits until each honest service has its two workers; fails where one of them has to wait for others. */
  async function assertNoneWaits(what: string): Promise<void> {
    const workers = async (name: string) => {
      const main = (await lab.ok(`systemctl show -P MainPID ${name}`)).trim();
      return Number((await lab.sh(`pgrep -c -P ${main}`)).stdout);
    };
    let counts: number[] = [];
    const areThere = async () => {
      counts = await Promise.all(HONEST.map(workers));
      return counts.every((count) => count === 2);
    };
    const timeoutMs = WITHIN_S * PATIENCE * 1000;
    await lab.until(areThere, { what: 'the others', timeoutMs, everyMs: 250 }).catch(() => {
      assert.fail(
        `${what}: after ${timeoutMs / 1000} s the others have ${counts.join(', ')} workers`,
      );
    });
  }

  /** Those services run well, have one worker, and from now on never load again. */
  async function makeHang(names: readonly string[]): Promise<void> {
    await host.asUser(lab, 'alice', `rm -f ${HANG}`);
    for (const [index, name] of names.entries()) await installHanging(name, index);
    await putBack();
    await lab.ok(`systemctl restart ${names.join(' ')}
      rm -rf /var/lib/autoscaler /var/backups/autoscaler`);
    await host.asUser(lab, 'alice', `touch ${HANG}`);
    await host.writeConfig(
      lab,
      Object.fromEntries([...names, ...HONEST].map((name) => [name, host.LIMITS])),
    );
  }

  test('five that hang, more than there is room for: neither, nor in the run after one that was killed at them', async () => {
    await makeHang(HANGING);
    const first = startRun();
    await assertNoneWaits('a run');
    const open = 'ls /var/backups/autoscaler/changes | grep pending | grep -v hang';
    await lab.until(async () => (await lab.sh(open)).stdout === '', { what: 'their ends' });
    first.kill('SIGKILL');
    await first.done;
    await putBack();
    const second = startRun();
    await assertNoneWaits('the run after it');
    await host.asUser(lab, 'alice', `rm -f ${HANG}`);
    second.kill('SIGTERM');
    const { stderr, stdout } = await second.done;
    host.assertNoTrace(stdout + stderr);
  });

  test('small changes: 300 would take less than 10 minutes', async () => {
    await lab.sh(`systemctl stop ${[...HANGING, ...HONEST].join(' ')}`);
    for (const [index, name] of SMALL.entries()) {
      await lab.writeFile(
        `/etc/systemd/system/${name}.service`,
        host.webUnit({ user: 'bob', port: 8200 + index, count: '--workers 1' }),
      );
    }
    await lab.ok(`systemctl daemon-reload; systemctl start ${SMALL.join(' ')}`);
    await host.writeConfig(lab, Object.fromEntries(SMALL.map((name) => [name, host.LIMITS])));
    const { get, ms, exitCode, stderr } = await host.run(lab, { seconds: 200 });
    assert.equal(exitCode, 0, stderr);
    for (const name of SMALL) {
      const { applied, to, running } = get(name);
      assert.deepEqual([applied, to, running], [true, 2, 2], name);
    }
    const minutes = ((ms / SMALL.length) * 300) / 60_000;
    assert.ok(minutes < THREE_HUNDRED_MIN, `${ms} ms for ${SMALL.length}: 300 take ${minutes} min`);
  });
});
