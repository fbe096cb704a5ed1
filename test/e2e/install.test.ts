import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { StillChanged } from '../../src/act/journal/still-changed.ts';
import { assertDocumented } from '../docs/json-schemas.ts';
import { CHECKOUT, startLab, type Lab } from '../lab/lab.ts';
import { gunicornUnit, installUnit } from '../lab/services.ts';

describe('scripts/install.sh', { timeout: 120_000 }, () => {
  let lab: Lab;
  const install = () => lab.ok(`sh -c 'cd / && bash ${CHECKOUT}/scripts/install.sh'`);
  const tree = () =>
    lab.ok(
      'find /etc/autoscaler /usr/lib/autoscaler /usr/lib/systemd/system/autoscaler.* /usr/share/doc/autoscaler /usr/share/man/man8/autoscaler.8 /etc/logrotate.d/autoscaler -type f | sort | xargs sha256sum',
    );

  before(async () => {
    lab = await startLab();
    await installUnit(lab, 'shop.service', gunicornUnit());
  });

  after(() => lab.stop());

  test('installs, starts nothing, and the example config enables nothing', async () => {
    const said = await install();
    assert.match(said, /autoscaler \d+\.\d+\.\d+ is installed/);
    assert.match(said, /config\.json is an example, .*\n +sudo autoscaler init /);
    assert.equal(await lab.ok('systemctl is-enabled autoscaler.timer || true'), 'disabled\n');
    const { exitCode, stdout, stderr } = await lab.sh('autoscaler run --dry-run');
    assert.equal(exitCode, 0);
    assert.match(stderr, /this is the example .*sudo autoscaler init/);
    assert.equal(stdout.match(/disabled in the config: left alone/g)?.length, 6);
    assert.match(
      await lab.ok('systemd-analyze verify autoscaler.service autoscaler.timer 2>&1; true'),
      /^$/,
    );
  });

  test('the untouched example says what it is in status and check, and an edited one does not', async () => {
    const status = await lab.ok('autoscaler status');
    assert.match(status, /^config {2}this is the example, .*\n +.*: sudo autoscaler init$/m);
    assert.doesNotMatch(status, /backcore/);
    const check = await lab.ok('autoscaler check');
    assert.match(check, /^WARNING +\S+: this is the example .*\n +→ sudo autoscaler init /m);
    // of what it names nothing is there, which is no fault
    assert.match(check, /^0 errors, /m);
    const firstConfig = `sh ${CHECKOUT}/scripts/deb/first-config.sh ""`;
    assert.match(await lab.ok(firstConfig), /config\.json is an example/);
    const refused = await lab.sh('autoscaler init --add --yes');
    assert.equal(refused.exitCode, 64);
    assert.match(refused.stderr, /this is the example.*\n.*sudo autoscaler init/);
    await lab.ok('printf "// mine\\n" >> /etc/autoscaler/config.json');
    assert.match(await lab.ok('autoscaler status'), /^backcore /m);
    assert.equal(await lab.ok(firstConfig), '');
  });

  test('run twice it changes nothing, and a config of the user stays', async () => {
    const mine =
      '{ "projects": { "shop": { "max_workers": 3, "cpu_thresholds": { "scale_up_3": 95 } } } }';
    await lab.writeFile('/etc/autoscaler/config.json', mine, { mode: 0o640 });
    const before = await tree();
    await install();
    assert.equal(await tree(), before);
  });

  test('the timer fires it every two minutes, and its first run tells its reasons to the journal', async () => {
    await lab.ok('systemctl enable --now autoscaler.timer');
    await lab.until(
      async () =>
        (await lab.ok('cat /var/lib/autoscaler/history.jsonl 2>/dev/null || true')) !== '',
      {
        what: 'a first sample',
        timeoutMs: 20_000,
      },
    );
    const journal = await lab.until(
      async () => {
        const text = await lab.ok('journalctl -u autoscaler.service -o cat --no-pager');
        return text.includes('1 service (') ? text : null;
      },
      { what: 'the summary in the journal', timeoutMs: 10_000 },
    );
    // sentences, with their priorities
    assert.match(journal, /^1 service \(reported once an hour; .*\): shop 2 workers/m);
    assert.doesNotMatch(journal, /[{<]/);
    const warnings = 'journalctl -u autoscaler.service -p warning -o cat --no-pager';
    assert.equal(await lab.ok(warnings), '');
    await lab.ok('systemctl stop autoscaler.timer; chmod 600 /etc/autoscaler/config.json');
    await lab.writeFile('/etc/autoscaler/broken.json', '{');
    await lab.sh(
      'systemd-run --quiet --wait --unit=autoscaler-broken autoscaler run --config /etc/autoscaler/broken.json',
    );
    const faults = 'journalctl -u autoscaler-broken -p err -o cat --no-pager';
    await lab.until(async () => (await lab.ok(faults)).includes('broken.json:1:'), {
      what: 'the fault in the journal',
    });
    const timer = await lab.ok(
      'systemctl show -p TimersMonotonic -p AccuracyUSec autoscaler.timer',
    );
    assert.match(timer, /OnUnitActiveUSec=2min ; next_elapse=[1-9]/);
    assert.match(timer, /^AccuracyUSec=1s$/m);
    assert.equal(await lab.ok('systemctl is-failed autoscaler.service || true'), 'inactive\n');
  });

  /** `terminal`: what is answered on one; null: there is none. */
  const uninstall = async (options = '', terminal: string | null = null): Promise<string> => {
    const command = `bash ${CHECKOUT}/scripts/uninstall.sh ${options}`;
    if (terminal === null) return lab.ok(`${command} 2>&1`);
    const shown = await lab.ok(`script -qec '${command}' /dev/null`, { input: terminal });
    return shown.replaceAll('\r', '');
  };
  const UNIT = '/etc/systemd/system/shop.service';

  test('uninstall.sh asks on a terminal whether to roll back what is still changed', async () => {
    await lab.ok('tar -cPf /run/installed.tar /usr/bin/autoscaler /usr/lib/autoscaler');
    await lab.ok('autoscaler scale shop 3');
    const said = await uninstall('', 'y\n');
    assert.match(said, /^ {2}shop\.service: 3 workers, 2 before; .*\n[^]*^Roll them back now\?/m);
    assert.match(await lab.readFile(UNIT), /--workers 2 /);
    await lab.ok('tar -xPf /run/installed.tar');
  });

  test('uninstall.sh removes the program and keeps what the user needs; --purge all but the backups of what is still changed', async () => {
    await lab.ok(
      `cp ${CHECKOUT}/systemd/autoscaler.* /usr/lib/systemd/system/ && systemctl daemon-reload`,
    );
    await lab.ok('autoscaler timer --every 30s && autoscaler scale shop 3');
    const document = assertDocumented(
      'rollback',
      await lab.ok('autoscaler rollback --changed --json shop'),
    ) as { changed: StillChanged[] };
    const [{ service, from, to, open, files } = assert.fail('nothing is changed')] =
      document.changed;
    assert.deepEqual([service, from, to, open], ['shop.service', 2, 3, false]);
    assert.deepEqual(
      files.map(({ path }) => path),
      [UNIT],
    );
    assert.match(await uninstall(), /^ {2}shop\.service: 3 workers, 2 before; /m);
    // an interval is configuration, and is kept with it
    await lab.ok('ls /etc/systemd/system/autoscaler.timer.d');
    await lab.ok(
      'test ! -e /usr/bin/autoscaler && test ! -e /usr/lib/systemd/system/autoscaler.timer && test -e /etc/autoscaler/config.json && test -e /var/lib/autoscaler/history.jsonl',
    );
    const said = await uninstall('--purge');
    assert.match(said, /^ {2}shop\.service: 3 workers, 2 before; /m);
    assert.match(said, /What was before stays in \/var\/backups\/autoscaler/);
    await lab.ok(
      'test ! -e /etc/systemd/system/autoscaler.timer.d && test ! -e /etc/autoscaler && test ! -e /var/lib/autoscaler',
    );
    // by hand, as the list says
    const list = await lab.readFile('/var/backups/autoscaler/still-changed');
    const [, before, file] = /^shop\.service 2 3 (\S+) (.*)$/m.exec(list) ?? [];
    assert.equal(file, UNIT);
    await lab.ok(`cp ${before} ${file}`);
    assert.match(await lab.readFile(UNIT), /--workers 2 /);
    await uninstall('--purge');
    await lab.ok('test ! -e /var/backups/autoscaler');
  });
});
