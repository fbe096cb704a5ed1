import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { assertDocumented } from '../docs/json-schemas.ts';
import { CHECKOUT, startLab, type Lab } from '../lab/lab.ts';
import { gunicornUnit, installUnit } from '../lab/services.ts';

describe('the timer as it is shipped', { timeout: 120_000 }, () => {
  let lab: Lab;
  const countRuns = async (): Promise<number> =>
    (await lab.ok('cat /run/runs 2> /dev/null || true')).length;
  const sleep = (seconds: number): Promise<string> => lab.ok(`sleep ${seconds}`);

  before(async () => {
    lab = await startLab();
    // but for the first moment, which would make this slow
    const text = readFileSync(join(CHECKOUT, 'systemd/autoscaler.timer'), 'utf8');
    assert.match(text, /=10s$/m);
    const timer = text.replace('=10s\n', '=2s\n');
    await lab.writeFile('/usr/lib/systemd/system/autoscaler.timer', timer);
    // what it runs only notes that it does
    const service = '[Service]\nType=oneshot\nExecStart=/bin/sh -c "printf x >> /run/runs"\n';
    await lab.writeFile('/usr/lib/systemd/system/autoscaler.service', service);
    // so long after the boot of a host nobody turns it on: what counts from the boot is past
    await lab.ok('systemctl daemon-reload && sleep 2');
  });
  after(() => lab.stop());

  test('the first run comes soon after it is turned on', async () => {
    await lab.ok('systemctl -q enable --now autoscaler.timer');
    await lab.until(async () => (await countRuns()) > 0, {
      what: 'the first run',
      timeoutMs: 5_000,
    });
  });

  test('a daemon-reload brings no extra run, neither at once nor later', async () => {
    const before = await countRuns();
    for (let reload = 0; reload < 5; reload++) {
      await lab.ok('systemctl daemon-reload');
      await sleep(0.5);
    }
    // OnActiveSec= would count from the last of them
    await sleep(4);
    assert.equal(await countRuns(), before);
  });

  test('turned off and on again, it goes on: a run at once or when it is due, and not two', async () => {
    const before = await countRuns();
    await lab.ok('systemctl stop autoscaler.timer && systemctl start autoscaler.timer');
    await lab.ok('systemctl daemon-reload && sleep 4');
    assert.ok((await countRuns()) - before <= 1);
    const next = await lab.ok('systemctl show -P NextElapseUSecMonotonic autoscaler.timer');
    assert.notEqual(next.trim(), 'infinity');
  });
});

describe('autoscaler timer', { timeout: 120_000 }, () => {
  const CONFIG = '/etc/autoscaler/config.json';
  const FOLDER = '/etc/systemd/system/autoscaler.timer.d';
  const DROP_IN = `${FOLDER}/zz-autoscaler-every.conf`;
  const PROJECTS =
    '"projects": { "shop": { "max_workers": 3, "cpu_thresholds": { "scale_up_3": 90 } } }';
  let lab: Lab;

  before(async () => {
    lab = await startLab();
    await installUnit(lab, 'shop.service', gunicornUnit());
    await lab.writeFile(CONFIG, `{ ${PROJECTS} }`, { mode: 0o640 });
  });
  after(() => lab.stop());

  /** What systemd itself says. */
  const intervalOf = async (): Promise<string> =>
    /OnUnitActiveUSec=(\S+(?: \S+)?) ;/.exec(
      await lab.ok('systemctl show -P TimersMonotonic autoscaler.timer'),
    )?.[1] ?? '';
  const checkIntervalS = async (): Promise<number> => {
    const { stdout } = await lab.autoscaler(['status', '--json']);
    return (JSON.parse(stdout) as { check_interval_s: number }).check_interval_s;
  };

  test('where there is none, it says so', async () => {
    const { exitCode, stderr } = await lab.autoscaler(['timer']);
    assert.equal(exitCode, 1);
    assert.match(stderr, /autoscaler\.timer is not installed/);
  });

  test('says how often it fires and that it is off; anybody may ask', async () => {
    const timer = join(CHECKOUT, 'systemd/autoscaler.timer');
    await lab.ok(`install -D -m 0644 ${timer} /usr/lib/systemd/system/autoscaler.timer`);
    const argv = lab.autoscalerArgv.join(' ');
    const service = `[Service]\nType=oneshot\nExecStart=${argv} run\n`;
    await lab.writeFile('/usr/lib/systemd/system/autoscaler.service', service);
    await lab.ok('systemctl daemon-reload');
    const { exitCode, stdout } = await lab.autoscaler(['timer']);
    assert.equal(exitCode, 0);
    assert.match(stdout, /^timer +off, no run since boot$/m);
    assert.match(stdout, /^fires +every 2 m/m);
    assert.match(
      stdout,
      /^config +has no check_interval_seconds: the interval of the timer counts$/m,
    );
    const nobody = await lab.sh(`setpriv --reuid=nobody --clear-groups ${argv} timer --json`);
    assertDocumented('timer', nobody.stdout);
    const refused = await lab.sh(`setpriv --reuid=nobody --clear-groups ${argv} timer --off`);
    assert.equal(refused.exitCode, 77);
  });

  test('--every and --on: systemd does so, and what the config leaves open follows', async () => {
    const { exitCode, stdout, stderr } = await lab.autoscaler(['timer', '--every', '30s', '--on']);
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /^timer +on, /m);
    assert.match(stdout, /^fires +every 30 s$/m);
    assert.ok(stdout.includes(`changed ${DROP_IN}\n`), stdout);
    assert.equal(await intervalOf(), '30s');
    assert.equal(await lab.ok('systemctl is-enabled autoscaler.timer'), 'enabled\n');
    assert.equal(await checkIntervalS(), 30);
    assert.equal(await lab.ok('systemd-analyze verify --man=no autoscaler.timer 2>&1'), '');
    const check = await lab.autoscaler(['check']);
    assert.match(check.stdout, /^ok +autoscaler\.timer is on, every 30 s$/m);
  });

  test('what was recorded with a longer interval can still be simulated', async () => {
    const lines = [0, 120, 240, 360].map((uptime_s) =>
      JSON.stringify({
        ...{ v: 1, kind: 'sample', at: '2026-11-24T04:04:15.123Z', boot: 'b', uptime_s },
        ...{ span_s: 120, host: { cpu_percent: 95, memory_available_mb: 5000 } },
        services: { 'shop.service': { workers: 2 } },
      }),
    );
    const input = `${lines.join('\n')}\n`;
    await lab.writeFile('/srv/samples.jsonl', input);
    const { stdout } = await lab.autoscaler([
      'simulate',
      '--samples',
      '/srv/samples.jsonl',
      '--json',
    ]);
    const { decisions } = JSON.parse(stdout) as { decisions: { to: number }[] };
    assert.deepEqual(
      decisions.map(({ to }) => to),
      [3],
    );
  });

  test('an interval that the config says is changed in place, and the config as it was is kept', async () => {
    const before = `// mine\n{ ${PROJECTS},\n  "global": { "check_interval_seconds":   120 /* s */, }, }\n`;
    await lab.writeFile(CONFIG, before, { mode: 0o640 });
    const wrong = await lab.autoscaler(['timer']);
    assert.match(wrong.stdout, /check_interval_seconds 120 in \S+: not what the timer does/);
    const { exitCode, stdout } = await lab.autoscaler(['timer', '--every', '45s']);
    assert.equal(exitCode, 0);
    assert.equal(await lab.readFile(CONFIG), before.replace('120', '45'));
    assert.equal(await lab.readFile(`${CONFIG}.bak`), before);
    assert.ok(stdout.includes(`changed ${CONFIG} (backup: ${CONFIG}.bak)`), stdout);
    assert.equal(await intervalOf(), '45s');
    const again = await lab.autoscaler(['timer', '--every', '45s', '--json']);
    const { changed } = assertDocumented('timer', again.stdout) as { changed: unknown[] };
    assert.deepEqual(changed, []);
  });

  test('where another drop-in counts after ours, all is put back and that one is named', async () => {
    const last = `${FOLDER}/zzz-site.conf`;
    await lab.writeFile(last, '[Timer]\nOnUnitActiveSec=\nOnUnitActiveSec=5min\n');
    await lab.ok('systemctl daemon-reload');
    const files = `sha256sum ${DROP_IN} ${CONFIG}`;
    const before = await lab.ok(files);
    const { exitCode, stderr } = await lab.autoscaler(['timer', '--every', '20s']);
    assert.equal(exitCode, 1);
    assert.ok(stderr.includes(last), stderr);
    assert.equal(await lab.ok(files), before);
    await lab.ok(`rm ${last} && systemctl daemon-reload`);
    assert.equal(await intervalOf(), '45s');
  });

  test('a config with faults is said, and nothing is changed', async () => {
    const before = await lab.readFile(CONFIG);
    await lab.writeFile(CONFIG, before.replace('max_workers', 'most_workers'), { mode: 0o640 });
    const { exitCode } = await lab.autoscaler(['timer', '--every', '20s']);
    assert.equal(exitCode, 78);
    assert.equal(await intervalOf(), '45s');
    await lab.writeFile(CONFIG, before, { mode: 0o640 });
  });

  test('the interval that is shipped needs no drop-in; one that somebody has edited is kept', async () => {
    await lab.ok(`printf '# by hand\\n' >> ${DROP_IN}`);
    const { exitCode, stdout } = await lab.autoscaler(['timer', '--every', '2m']);
    assert.equal(exitCode, 0);
    assert.equal(await intervalOf(), '2min');
    assert.equal((await lab.sh(`test -e ${DROP_IN}`)).exitCode, 1);
    assert.match(await lab.readFile(`${DROP_IN}.bak`), /# by hand\n$/);
    assert.ok(stdout.includes(`(backup: ${DROP_IN}.bak)`), stdout);
    assert.match(await lab.readFile(CONFIG), /"check_interval_seconds": {3}120/);
  });

  test('--off: stopped and disabled, and the last run is still known', async () => {
    // after a while, as systemd forgets a service that nothing needs
    await lab.ok('systemctl start autoscaler.service');
    const { exitCode, stdout } = await lab.autoscaler(['timer', '--off']);
    assert.equal(exitCode, 0);
    assert.match(stdout, /^timer +off, /m);
    assert.equal((await lab.sh('systemctl is-enabled autoscaler.timer')).stdout, 'disabled\n');
    const status = await lab.ok(`${lab.autoscalerArgv.join(' ')} status`);
    assert.match(status, /^timer +off, last run \d+ s ago/m);
  });
});
