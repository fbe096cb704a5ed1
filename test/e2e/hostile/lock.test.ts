import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Lab } from '../../lab/lab.ts';
import * as host from './host.ts';

interface Finding {
  severity: 'error' | 'warning' | 'info';
  code: string;
  evidence: string;
}

describe('a user who takes every lock that she can', { timeout: 200_000 }, () => {
  let lab: Lab;

  before(async () => {
    lab = await host.startHost(['alice']);
    await host.writeConfig(lab, { shop: host.LIMITS });
    // it is there, and comes to nothing while this lasts
    await lab.writeFile(
      '/etc/systemd/system/autoscaler.timer.d/late.conf',
      '[Timer]\nOnActiveSec=\nOnBootSec=\nOnUnitActiveSec=\nOnActiveSec=1d\n',
    );
  });
  after(() => lab.stop());
  beforeEach(async () => {
    await host.reset(lab);
    await lab.ok('systemctl enable --now autoscaler.timer');
  });

  const timer = () =>
    lab.ok('systemctl is-active autoscaler.timer; systemctl is-enabled autoscaler.timer; true');
  const check = async (): Promise<Finding[]> => {
    const { stdout, stderr, isLate, ms, cpuMs } = await host.measured(lab, ['check', '--json']);
    assert.ok(!isLate && cpuMs < 5000, `check: ${ms} ms, ${cpuMs} ms of CPU`);
    host.assertNoTrace(stdout + stderr);
    return (JSON.parse(stdout) as { findings: Finding[] }).findings;
  };
  const faults = (findings: readonly Finding[]) =>
    findings.filter(({ severity, evidence }) => severity === 'error' && /lock/i.test(evidence));

  test('run, scale, rollback are not held up, and check has nothing to complain of', async () => {
    // what is there to be opened is there
    await host.measured(lab, ['run']);
    await host.reset(lab);
    const holder = await host.startAs(lab, 'alice', ['holds.py']);
    const ends: Record<string, number | null | string> = {};
    let findings: Finding[];
    try {
      for (const args of [['run'], ['run'], ['scale', 'shop', '3'], ['run', '--dry-run']]) {
        const { exitCode } = await host.measured(lab, args, 20);
        ends[args.join(' ')] = exitCode;
      }
      findings = await check();
      const { exitCode, isLate } = await host.measured(lab, ['rollback'], 30);
      ends['rollback'] = isLate ? 'late' : exitCode;
    } finally {
      holder.stdin.end();
    }
    const { stdout } = await holder.done;
    const seen = `she had ${stdout}`;
    const expected = { run: 0, 'scale shop 3': 0, 'run --dry-run': 0, rollback: 0 };
    assert.deepEqual(ends, expected, seen);
    assert.deepEqual(faults(findings), [], seen);
    // that she had something at all
    assert.match(stdout, /"flocked": [1-9]/);
    assert.equal(await timer(), 'inactive\ndisabled\n');
  });

  test("a rollback that is refused leaves the timer as it was: another's state folder", async () => {
    await host.measured(lab, ['run']);
    await lab.ok('chown alice: /var/lib/autoscaler');
    const { exitCode, stdout, stderr } = await host.measured(lab, ['rollback'], 20);
    host.assertNoTrace(stdout + stderr);
    assert.notEqual(exitCode, 0);
    assert.equal(await timer(), 'active\nenabled\n', stdout + stderr);
  });

  test("while root's own run takes its time: run and check say so; a rollback that is ended as it waits leaves the timer as it was", async () => {
    await lab.ok('systemd-run --quiet --unit=slow-run /usr/bin/autoscaler run');
    const open = 'ls /var/backups/autoscaler/changes | grep pending';
    await lab.until(async () => (await lab.sh(open)).exitCode === 0, {
      what: 'its change',
      everyMs: 20,
    });
    // it stands still in the middle of it, whatever it was doing
    const pid = (await lab.ok('systemctl show -P MainPID slow-run')).trim();
    await lab.ok(`kill -STOP ${pid}`);
    const second = await host.measured(lab, ['run'], 40);
    const findings = await check();
    const rollback = await host.measured(lab, ['rollback'], 4);
    const found = await timer();
    await lab.ok(`kill -CONT ${pid}`);
    await lab.ok('while systemctl -q is-active slow-run; do sleep 0.1; done');
    assert.equal(second.exitCode, 75);
    assert.match(second.stderr, new RegExp(`process ${pid}\\b`));
    const names = findings.filter(({ evidence }) => new RegExp(`process ${pid}\\b`).test(evidence));
    assert.notDeepEqual(names, [], JSON.stringify(findings));
    assert.deepEqual(faults(findings), []);
    assert.ok(rollback.isLate && !rollback.wasDeaf, JSON.stringify(rollback));
    assert.equal(found, 'active\nenabled\n', rollback.stdout + rollback.stderr);
  });
});
