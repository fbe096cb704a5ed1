import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Sample } from '../../src/model/types.ts';
import type { RunReport, ServiceReport } from '../../src/commands/run/run-report.ts';
import { startLab, type Lab } from '../lab/lab.ts';
import { celeryUnit, gunicornUnit, installUnit, redisUnit } from '../lab/services.ts';

const CONFIG = '/etc/autoscaler/config.json';
const LOG = '/var/log/autoscaler.log';
const UNITS = '/etc/systemd/system';

/** `other` is below its minimum before each test: that it is raised shows that the others are served. */
const OTHER = gunicornUnit({ count: '-w 1', bind: '127.0.0.1:8001' });
const WEB = gunicornUnit();
const LIMITS = { min_workers: 2, max_workers: 4 };
const CPU = { ...LIMITS, cpu_thresholds: { scale_up_4: 99.9 } };
const QUEUE = { ...LIMITS, queue_thresholds: { scale_up_4: 5, scale_down_2: 2 } };

describe('faults of the host and of its files', { timeout: 300_000 }, () => {
  let lab: Lab;

  before(async () => {
    lab = await startLab();
    await installUnit(lab, 'redis.service', redisUnit());
    await installUnit(lab, 'web.service', WEB);
    await installUnit(lab, 'other.service', OTHER);
  });

  after(() => lab.stop());

  beforeEach(async () => {
    await lab.writeFile(`${UNITS}/other.service`, OTHER);
    await lab.writeFile(`${UNITS}/web.service`, WEB);
    await lab.ok(
      `systemctl daemon-reload; rm -rf /var/lib/autoscaler /var/backups/autoscaler ${LOG}`,
    );
  });

  /** Runs once with these projects besides `other`. */
  async function run(projects: object, { global = {} }: { global?: object } = {}) {
    const config = { projects: { other: CPU, ...projects }, global: { log_file: LOG, ...global } };
    await lab.writeFile(CONFIG, JSON.stringify(config));
    const start = Date.now();
    const { exitCode, stdout, stderr } = await lab.autoscaler(['run', '--json']);
    const ms = Date.now() - start;
    const report = stdout === '' ? null : (JSON.parse(stdout) as RunReport);
    const by = new Map(report?.services.map((service) => [service.project, service]));
    const get = (project: string): ServiceReport => {
      const found = by.get(project);
      assert.ok(found !== undefined, `no ${project} in ${stdout}${stderr}`);
      return found;
    };
    return { exitCode, stdout, stderr, get, ms };
  }

  const assertServed = async (report: ServiceReport) => {
    assert.deepEqual([report.applied, report.to, report.running], [true, 2, 2], report.reason);
    assert.match(await lab.readFile(`${UNITS}/other.service`), /-w 2 /);
  };
  const mainPid = (unit: string) => lab.ok(`systemctl show -P MainPID ${unit}`);
  const setWeb = (count: string) =>
    lab
      .writeFile(`${UNITS}/web.service`, gunicornUnit({ count }))
      .then(() => lab.ok('systemctl daemon-reload'));

  test('more than max_workers are lowered at once; by hand the limits hold too', async () => {
    await setWeb('--workers 6');
    const { exitCode, get } = await run({ web: CPU });
    assert.equal(exitCode, 0);
    assert.deepEqual([get('web').action, get('web').to, get('web').running], ['scale_down', 4, 4]);
    assert.match(get('web').reason, /more than max_workers 4/);
    const { exitCode: code, stderr } = await lab.autoscaler(['scale', 'web', '5']);
    assert.equal(code, 64);
    assert.match(stderr, /2 to 4 workers, not 5/);
  });

  test('a unit that does not start with the new number is put back and serves; the others are served', async () => {
    const unit = gunicornUnit({
      count: '--workers 1',
      lines: [`ExecStartPre=/bin/sh -c "! grep -q 'workers [2]' ${UNITS}/web.service"`],
    });
    await installUnit(lab, 'web.service', unit);
    const { exitCode, get, stderr } = await run({ web: CPU });
    assert.equal(exitCode, 1);
    await assertServed(get('other'));
    assert.equal(get('web').applied, false);
    assert.equal(await lab.readFile(`${UNITS}/web.service`), unit);
    assert.equal(await lab.ok('systemctl is-active web'), 'active\n');
    assert.match(stderr, /"level":"ERROR".*"event":"scale_up".*1 → 2 failed/);
    assert.match(await lab.readFile(LOG), /"level":"ERROR".*undone/);
  });

  test('a broker that accepts and never answers, a unit that is no Gunicorn: named, left alone, in time', async () => {
    const listen =
      "import socket, time; s = socket.create_server(('127.0.0.1', 6399)); time.sleep(600)";
    await installUnit(
      lab,
      'mute.service',
      `[Service]\nExecStart=/usr/bin/python3 -c "${listen}"\n`,
    );
    await installUnit(lab, 'tasks.service', celeryUnit({ count: '-c 3' }));
    const { exitCode, get, ms } = await run({
      tasks: { ...QUEUE, redis_url: 'redis://127.0.0.1:6399/0' },
      mute: CPU,
    });
    assert.equal(exitCode, 1);
    assert.match(get('tasks').error ?? '', /redis at 127\.0\.0\.1:6399: no answer within 2 s/);
    assert.deepEqual([get('tasks').action, get('tasks').hold], ['none', 'missing_metric']);
    assert.match(get('mute').error ?? '', /expected a gunicorn or celery command, found/);
    await assertServed(get('other'));
    // 2 s for the broker, the rest for the restart of the other service
    assert.ok(ms < 60_000, `${ms} ms`);
  });

  describe('a disk that does not give a unit file', () => {
    const tracer = join(import.meta.dirname, '../faults/tracer.py');
    const failing = (...args: string[]) =>
      lab.exec([
        ...['/usr/bin/python3', tracer, '/run/events', 'all:EIO', `${UNITS}/web.service`, '--'],
        ...[...lab.autoscalerArgv, ...args],
      ]);

    test('a run and a rollback name it, leave its service alone and serve the others', async () => {
      await setWeb('--workers 1');
      const { exitCode, get } = await run({ web: CPU });
      assert.deepEqual([exitCode, get('web').applied, get('other').applied], [0, true, true]);
      await lab.writeFile(`${UNITS}/other.service`, OTHER);
      await lab.ok('systemctl daemon-reload');
      const second = await failing('run', '--json');
      assert.equal(second.exitCode, 1, second.stderr);
      const { services } = JSON.parse(second.stdout) as RunReport;
      assert.match(services.find(({ project }) => project === 'web')?.error ?? '', /EIO/);
      await assertServed(services.find(({ project }) => project === 'other')!);
      const back = await failing('rollback');
      assert.equal(back.exitCode, 1);
      assert.match(back.stdout, /web\.service: cannot be read \(EIO\)/);
      assert.doesNotMatch(back.stdout + back.stderr, /a bug/);
      assert.match(await lab.readFile(`${UNITS}/other.service`), /-w 1 /);
      assert.match(await lab.readFile(`${UNITS}/web.service`), /--workers 2 /);
      const { exitCode: again } = await lab.autoscaler(['rollback']);
      assert.equal(again, 0);
      assert.match(await lab.readFile(`${UNITS}/web.service`), /--workers 1 /);
    });
  });

  test('a config that is not to be obeyed: its fault is named, nothing is changed', async () => {
    const named = (name: string) => ({
      projects: { web: { ...CPU, service_name: name }, other: CPU },
    });
    const good = { projects: { other: CPU } };
    const cases: [config: unknown, prepare: string, says: RegExp][] = [
      [good, `chown daemon ${CONFIG}`, /not trusted: it belongs to user 1\n.*chown root:root/],
      [
        good,
        `chmod 0666 ${CONFIG}`,
        /not trusted: users other than root may write to it \(mode 0666\)/,
      ],
      [
        good,
        'chmod 0777 /etc/autoscaler',
        /users other than root may write to its folder \/etc\/autoscaler/,
      ],
      [good, `: > ${CONFIG}`, /config\.json:1:1: the file is empty/],
      [good, `rm ${CONFIG}`, /config\.json: no config here/],
      [named('../web'), '', /service_name: expected a unit name.*found "\.\.\/web"/],
      [named('--now'), '', /service_name: expected a unit name.*found "--now"/],
      [named('a\nb'), '', /service_name: expected a unit name.*found "a\\+nb"/],
    ];
    for (const [config, prepare, says] of cases) {
      await lab.writeFile(CONFIG, JSON.stringify(config));
      const { exitCode, stdout, stderr } = await lab.sh(
        `${prepare || 'true'}; ${lab.autoscalerArgv.join(' ')} run; code=$?; chmod 0755 /etc/autoscaler; rm -f ${CONFIG}; exit $code`,
      );
      assert.deepEqual([exitCode, stdout], [78, ''], stderr);
      assert.match(stderr, says);
    }
    assert.equal(await lab.readFile(`${UNITS}/other.service`), OTHER);
  });

  describe('a full disk', () => {
    const full = async (path: string) => {
      await lab.ok(`mkdir -p ${path}; mount -t tmpfs -o size=32k,mode=0755 tmpfs ${path}`);
      return () => lab.ok(`umount ${path}`);
    };
    const fill = (path: string) =>
      lab.sh(
        `dd if=/dev/zero of=${path}/filler bs=4k count=64 2>&1; dd if=/dev/zero of=${path}/filler2 bs=1 count=4096 2>&1`,
      );

    test('under a unit file and the log: as it was, nothing left, not restarted; the others are served', async () => {
      const free = await full('/srv/units');
      const unit = gunicornUnit({ count: '--workers 1', env: { PAD: 'x'.repeat(6000) } });
      await lab.writeFile('/srv/units/web.service', unit);
      await lab.ok(
        `rm ${UNITS}/web.service; ln -s /srv/units/web.service ${UNITS}/web.service; systemctl daemon-reload; systemctl restart web`,
      );
      const pid = await mainPid('web');
      await fill('/srv/units');
      const { exitCode, get, stderr } = await run(
        { web: CPU },
        { global: { log_file: '/srv/units/log' } },
      );
      assert.equal(exitCode, 1);
      assert.equal(stderr.match(/units\/log: the log file cannot be written: ENOSPC/g)?.length, 1);
      assert.match(
        get('web').error ?? '',
        /web\.service: cannot be written: no space left on the disk.*as it was/,
      );
      await assertServed(get('other'));
      assert.equal(await lab.readFile('/srv/units/web.service'), unit);
      assert.equal(await lab.ok('ls -A /srv/units'), 'filler\nfiller2\nlog\nweb.service\n');
      assert.equal(await mainPid('web'), pid);
      await lab.ok(`rm ${UNITS}/web.service`);
      await free();
    });

    test('under the backups: nothing is changed without one', async () => {
      const free = await full('/srv/backups');
      await fill('/srv/backups');
      await setWeb('--workers 1');
      const { exitCode, get } = await run({ web: CPU }, { global: { backup_dir: '/srv/backups' } });
      assert.equal(exitCode, 1);
      assert.match(
        get('web').error ?? '',
        /backup cannot be written: .*no space left on the disk \(ENOSPC\); nothing was changed/,
      );
      assert.match(await lab.readFile(`${UNITS}/web.service`), /--workers 1 /);
      await free();
    });

    test('under the history: nothing is changed', async () => {
      const free = await full('/srv/state');
      const global = { state_dir: '/srv/state' };
      await run({ other: { ...CPU, min_workers: 1 } }, { global });
      await lab.sh('yes "" | head -c 64000 >> /srv/state/history.jsonl');
      await setWeb('--workers 1');
      const { exitCode, stderr } = await run({ web: CPU }, { global });
      assert.equal(exitCode, 1);
      assert.match(stderr, /history\.jsonl: cannot be written: no space is left/);
      assert.match(await lab.readFile(`${UNITS}/web.service`), /--workers 1 /);
      await free();
    });
  });

  describe('a history that is not as it was left', () => {
    const HISTORY = '/var/lib/autoscaler/history.jsonl';
    // the CPU is always above 0: only the duration decides
    const EAGER = { ...LIMITS, cpu_thresholds: { scale_up_3: 0 }, cpu_duration_minutes: 20 / 60 };
    const look = async () => {
      const global = { check_interval_seconds: 10 };
      const { stderr, get } = await run({ web: EAGER }, { global });
      return { web: get('web'), stderr };
    };
    /** Leaves a history of three samples, the last one 10 s old: a run now completes 30 s. */
    beforeEach(async () => {
      await lab.writeFile(`${UNITS}/other.service`, OTHER.replace('-w 1', '-w 2'));
      await lab.ok('systemctl daemon-reload');
      assert.match((await look()).web.reason, /the first sample → stays at 2/);
      const sample = JSON.parse(await lab.readFile(HISTORY)) as Sample;
      const lines = [30, 20, 10].map((ageS) => {
        const at = new Date(Date.parse(sample.at) - ageS * 1000).toISOString();
        const uptime_s = sample.uptime_s - ageS;
        return `${JSON.stringify({ ...sample, at, uptime_s, span_s: 10 })}\n`;
      });
      await lab.writeFile(HISTORY, lines.join(''), { mode: 0o640 });
    });

    test('torn and corrupt lines are left out and said; a clock set back by a day changes nothing', async () => {
      await lab.ok(`sed -i 's/"at":"20/"at":"21/' ${HISTORY}
        printf '\\000\\377 no entry\\n{"v":1,"kind":"sample","at":"20' >> ${HISTORY}`);
      const { web, stderr } = await look();
      assert.deepEqual([web.applied, web.to], [true, 3], web.reason);
      assert.match(
        stderr,
        /"level":"WARN".*history\.jsonl: 2 lines are not entries and are left out/,
      );
      assert.equal(
        (await lab.readFile(HISTORY)).split('\n').length,
        8,
        'the cut line has got its end',
      );
    });

    test('a reboot in the middle of a streak makes it start over', async () => {
      await lab.ok(`sed -i 's/"boot":"[^"]*"/"boot":"before"/' ${HISTORY}`);
      const { web } = await look();
      assert.equal(web.action, 'none');
      assert.match(web.reason, /20 s more; .*reboot.* → stays at 2/);
    });

    test("another's history is not used: 77, nothing is changed", async () => {
      await lab.ok(`chown daemon ${HISTORY}`);
      const { exitCode, stderr } = await lab.autoscaler(['run']);
      assert.equal(exitCode, 77);
      assert.match(stderr, /history\.jsonl/);
      assert.match(await lab.readFile(`${UNITS}/web.service`), /--workers 2 /);
    });
  });
});
