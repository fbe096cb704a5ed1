import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Lab } from '../../lab/lab.ts';
import type { Running } from '../../lab/running.ts';
import { installUnit } from '../../lab/services.ts';
import * as host from './host.ts';

/** A file server that is gone, say: a call of the kernel comes back from it to nobody. */
describe('an environment file on a file system that never answers', { timeout: 150_000 }, () => {
  let lab: Lab;
  let hung: Running;

  before(async () => {
    lab = await host.startHost(['alice']);
    await lab.ok('mkdir -p /srv/alice && echo WEB_CONCURRENCY=1 > /srv/alice/env');
    const lines = ['EnvironmentFile=/srv/alice/env'];
    await installUnit(lab, 'alice.service', host.webUnit({ user: 'alice', port: 8001, lines }));
    await host.writeConfig(lab, { alice: host.LIMITS, shop: host.LIMITS });
    hung = await host.startAs(lab, 'root', ['hung.py', '/srv/alice']);
  });
  after(async () => {
    hung.stdin.end();
    await hung.done;
    await lab.stop();
  });

  test('a run of the timer says where it hangs and ends, and with it the lock and the watchdog go', async () => {
    const startedMs = Date.now();
    const { exitCode } = await lab.exec(['systemctl', 'start', 'autoscaler.service'], {
      timeoutMs: 100_000,
    });
    const tookS = (Date.now() - startedMs) / 1000;
    assert.notEqual(exitCode, 0);
    assert.ok(tookS >= 30 && tookS < 60, `${tookS} s`);
    const said = await lab.ok('journalctl -u autoscaler -t autoscaler -p err -o cat');
    assert.match(said, /^autoscaler: .*alice\.service.* for 30 s: this run is given up$/m);
    const show = 'systemctl show autoscaler.service -P Result -P ExecMainStatus';
    assert.equal((await lab.ok(show)).replaceAll(/\s+/g, ' ').trim(), 'signal 9');
    assert.equal((await lab.exec(['pgrep', '-f', 'autoscaler-watchdog'])).stdout, '');
  });

  test('the next run serves, once it answers again', async () => {
    hung.stdin.end();
    await hung.done;
    const { get } = await host.run(lab);
    host.assertServed(get('shop'));
  });
});
