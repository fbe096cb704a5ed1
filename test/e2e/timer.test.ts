import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { CHECKOUT, startLab, type Lab } from '../lab/lab.ts';

describe('the timer as it is shipped', { timeout: 120_000 }, () => {
  let lab: Lab;
  const countRuns = async (): Promise<number> =>
    (await lab.ok('cat /run/runs 2> /dev/null || true')).length;
  const sleep = (seconds: number): Promise<string> => lab.ok(`sleep ${seconds}`);

  before(async () => {
    lab = await startLab();
    const timer = join(CHECKOUT, 'systemd/autoscaler.timer');
    await lab.ok(`install -D -m 0644 ${timer} /usr/lib/systemd/system/autoscaler.timer`);
    // what it runs only notes that it does
    const service = '[Service]\nType=oneshot\nExecStart=/bin/sh -c "printf x >> /run/runs"\n';
    await lab.writeFile('/usr/lib/systemd/system/autoscaler.service', service);
    // so long after the boot of a host nobody turns it on: what counts from the boot is past
    await lab.ok('systemctl daemon-reload && sleep 10');
  });
  after(() => lab.stop());

  test('the first run comes soon after it is turned on', async () => {
    await lab.ok('systemctl -q enable --now autoscaler.timer');
    await lab.until(async () => (await countRuns()) > 0, {
      what: 'the first run',
      timeoutMs: 15_000,
    });
  });

  test('a daemon-reload brings no extra run, neither at once nor later', async () => {
    const before = await countRuns();
    for (let reload = 0; reload < 5; reload++) {
      await lab.ok('systemctl daemon-reload');
      await sleep(0.5);
    }
    // OnActiveSec=10s would count from the last of them
    await sleep(12);
    assert.equal(await countRuns(), before);
  });

  test('turned off and on again, it goes on: a run at once or when it is due, and not two', async () => {
    const before = await countRuns();
    await lab.ok('systemctl stop autoscaler.timer && systemctl start autoscaler.timer');
    await lab.ok('systemctl daemon-reload && sleep 12');
    assert.ok((await countRuns()) - before <= 1);
    const next = await lab.ok('systemctl show -P NextElapseUSecMonotonic autoscaler.timer');
    assert.notEqual(next.trim(), 'infinity');
  });
});
