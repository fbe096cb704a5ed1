import { after, before, beforeEach, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { RunReport, ServiceReport } from '../../src/commands/run/run-report.ts';
import { startLab, type Lab } from '../lab/lab.ts';
import { celeryUnit, gunicornUnit, installUnit, redisUnit } from '../lab/services.ts';

const TRACER = join(import.meta.dirname, '../faults/tracer.py');
const CONFIG = '/etc/autoscaler/config.json';
const UNITS = '/etc/systemd/system';
const UNIT = `${UNITS}/web.service`;
const CHANGES = '/var/backups/autoscaler/changes';
/** Machines that test are slow at times. */
const PATIENT = { timeoutMs: 180_000 };

const WEB = gunicornUnit();
/** Below its minimum: that it is raised shows that the others are served. */
const OTHER = gunicornUnit({ count: '-w 1', bind: '127.0.0.1:8001' });

let lab: Lab;
before(async () => {
  lab = await startLab();
});
after(() => lab.stop());
beforeEach(async () => {
  await lab.sh(
    `systemctl unmask web; systemctl kill -s KILL web other; systemctl stop web other; rm -rf ${UNITS}/web* ${UNITS}/other* /usr/lib/systemd/system/web.service /var/backups/autoscaler* /var/lib/autoscaler*; systemctl daemon-reload; systemctl reset-failed`,
  );
  await installUnit(lab, 'web.service', WEB);
  await configure({});
});

/** `web` comes first and is to have three, `other` two; nothing else is ever wanted. */
async function configure(web: object, more: object = {}): Promise<void> {
  const never = { max_workers: 8, cpu_thresholds: { scale_down_1: 0 } };
  const projects = {
    web: { ...never, min_workers: 3, ...web },
    other: { ...never, min_workers: 2 },
  };
  await lab.writeFile(CONFIG, JSON.stringify({ projects, global: { apply: 'live', ...more } }));
}

/** `scale web 3`, before whose call `moment` a command is run. */
function scaleWith(moment: string, command: string, folder = UNITS): ReturnType<Lab['exec']> {
  const traced = ['/usr/bin/python3', TRACER, '/run/events', `${moment}:RUN ${command}`, folder];
  return lab.exec([...traced, '--', ...lab.autoscalerArgv, 'scale', 'web', '3'], PATIENT);
}

/** A run during which `moment` (a call, as the tracer names it) is preceded by what `command` does. */
async function runWith(moment: string, command: string) {
  const traced = ['/usr/bin/python3', TRACER, '/run/events', `${moment}:RUN ${command}`];
  return look(await lab.exec([...traced, '--', ...lab.autoscalerArgv, 'run', '--json'], PATIENT));
}

async function run() {
  return look(await lab.autoscaler(['run', '--json'], PATIENT));
}

function look({ exitCode, stdout, stderr }: Awaited<ReturnType<Lab['exec']>>) {
  assert.notEqual(stdout, '', stderr);
  assert.doesNotMatch(stderr, /a bug/);
  const { services } = JSON.parse(stdout) as RunReport;
  const get = (name: string): ServiceReport =>
    services.find(({ project }) => project === name) ?? assert.fail(stdout);
  return { exitCode, stderr, web: get('web'), other: get('other') };
}

async function countWorkers(service = 'web'): Promise<number> {
  return Number(await lab.ok(`pgrep -c -r D,R,S -P $(systemctl show -P MainPID ${service})`));
}

function assertServed({ applied, to, running, reason }: ServiceReport): void {
  assert.deepEqual([applied, to, running], [true, 2, 2], reason);
}

/** A change of `web` that was killed right after its file was written. */
async function killChange(): Promise<void> {
  const argv = ['/usr/bin/python3', TRACER, '/run/events', 'rename#1>execve:KILL', UNITS, '--'];
  const { exitCode } = await lab.exec([...argv, ...lab.autoscalerArgv, 'scale', 'web', '4']);
  assert.equal(exitCode, 137);
}

describe('a journal that cannot be used', () => {
  test('damaged: moved aside and told with its place; the others are served, and so is its service later', async () => {
    await installUnit(lab, 'other.service', OTHER);
    await killChange();
    await lab.ok(`echo '{"v":1,' > ${CHANGES}/000001-web.service.pending/manifest.json`);
    const first = await run();
    assert.equal(first.exitCode, 1);
    assert.match(first.stderr, /cannot be read .*moved to .*000001-web\.service\.broken/);
    assertServed(first.other);
    assert.equal((await run()).exitCode, 0);
    const { stderr } = await lab.autoscaler(['rollback', '--list']);
    assert.match(stderr, /000001-web\.service\.broken: this change cannot be read/);
  });

  test('of a newer version: its service waits for that, and where it does not say which, all do', async () => {
    await installUnit(lab, 'other.service', OTHER);
    await killChange();
    const manifest = `${CHANGES}/000001-web.service.pending/manifest.json`;
    await lab.writeFile(manifest, '{"v":2,"service":"web.service"}');
    const first = await run();
    assert.equal(first.exitCode, 1);
    assert.match(first.stderr, /by a newer autoscaler \(format 2, this version knows 1\)/);
    assert.deepEqual([first.web.workers, first.web.running, first.web.applied], [4, 2, false]);
    assertServed(first.other);

    await lab.writeFile(manifest, '{"v":2}');
    await lab.writeFile(`${UNITS}/other.service`, OTHER);
    await lab.ok('systemctl daemon-reload');
    const second = await run();
    assert.equal(second.exitCode, 1);
    assert.match(second.stderr, /no service is changed until then.*end it by hand/);
    assert.deepEqual([second.other.action, second.other.hold], ['none', 'in_progress']);
    const { exitCode, stderr } = await lab.autoscaler(['scale', 'other', '2']);
    assert.equal(exitCode, 1);
    assert.match(stderr, /may concern any service, so none is changed/);
    await lab.ok(`mv ${CHANGES}/000001-web.service.pending /root/looked-at-$RANDOM`);
    assertServed((await run()).other);
  });
});

/** The plan is made, and nothing done. */
const BEFORE_IT_BEGINS = 'openat#1>execve';
/** The new text is written beside the unit, and has not taken its name. */
const BEFORE_IT_IS_IN_PLACE = 'fsync#1';
const BEFORE_THE_SIGNAL = 'kill#1';

describe('somebody else at the same moment: theirs is left as it is, and the message says so', () => {
  const edit = (how: string) =>
    `SYSTEMD_EDITOR=/run/editor script -qec 'systemctl edit ${how} web' /dev/null > /run/edited 2>&1`;
  const MEANWHILE = /somebody else changed it at the same time; left as it is/;
  const rows: [what: string, moment: string, command: string, says: RegExp, unit: RegExp | null][] =
    [
      [
        'the service is removed',
        BEFORE_IT_BEGINS,
        `rm ${UNIT}; systemctl daemon-reload`,
        /systemd reports it as not-found|it was removed/,
        null,
      ],
      [
        'the service is renamed',
        BEFORE_IT_BEGINS,
        `mv ${UNIT} ${UNITS}/web2.service; systemctl daemon-reload`,
        /systemd reports it as not-found|it was removed/,
        null,
      ],
      ['the unit is removed', BEFORE_IT_IS_IN_PLACE, `rm ${UNIT}`, MEANWHILE, null],
      [
        'systemctl edit --full',
        BEFORE_IT_IS_IN_PLACE,
        edit('--full'),
        MEANWHILE,
        /-w 7 .*\n# mine/s,
      ],
      [
        'another autoscaler, with a config and a lock of its own',
        BEFORE_IT_IS_IN_PLACE,
        'autoscaler --config /run/second.json scale web 5 > /run/second.log 2>&1',
        MEANWHILE,
        /--workers 5 /,
      ],
      [
        'a folder in the place of the unit',
        BEFORE_IT_IS_IN_PLACE,
        `rm ${UNIT}; mkdir ${UNIT}`,
        /somebody else changed it at the same time|not a plain file/,
        null,
      ],
    ];
  for (const [what, moment, command, says, unit] of rows) {
    test(what, async () => {
      await lab.writeFile(
        '/run/editor',
        '#!/bin/sh\nfor f; do sed -i "s/--workers 2/-w 7/" $f; echo "# mine" >> $f; done\n',
        { mode: 0o755 },
      );
      const second = { state_dir: '/var/lib/autoscaler2', backup_dir: '/var/backups/autoscaler2' };
      await lab.writeFile(
        '/run/second.json',
        JSON.stringify({ projects: {}, global: { apply: 'live', ...second } }),
      );
      await lab.writeFile(
        '/usr/local/bin/autoscaler',
        `#!/bin/sh\nexec ${lab.autoscalerArgv.join(' ')} "$@"\n`,
        { mode: 0o755 },
      );
      const { exitCode, stdout, stderr } = await scaleWith(moment, command);
      assert.equal(exitCode, 1, stdout + stderr);
      assert.match(stdout + stderr, says);
      if (unit === null) {
        assert.notEqual((await lab.sh(`test -f ${UNIT}`)).exitCode, 0);
      } else assert.match(await lab.readFile(UNIT), unit);
      assert.doesNotMatch(await lab.ok(`ls -A ${UNITS}`), /autoscaler-.*tmp/);
      assert.doesNotMatch(await lab.ok(`ls ${CHANGES} || true`), /pending|new/);
    });
  }

  test('the service is masked', async () => {
    const vendor = '/usr/lib/systemd/system/web.service';
    await lab.ok(`mv ${UNIT} ${vendor}; systemctl daemon-reload`);
    const { exitCode, stdout, stderr } = await scaleWith(
      'rename#1',
      'systemctl mask web > /dev/null 2>&1',
      '/var/backups/autoscaler',
    );
    assert.equal(exitCode, 1, stdout + stderr);
    assert.match(stdout + stderr, /masked/);
    assert.equal(await lab.readFile(vendor), WEB);
    assert.equal((await lab.sh(`ls ${UNITS}/web.service.d`)).stdout, '');
    assert.equal(await countWorkers(), 2);
  });

  test('systemctl edit, with a drop-in: both are in force', async () => {
    await lab.writeFile(
      '/run/editor',
      '#!/bin/sh\nfor f; do printf "[Service]\\nEnvironment=MINE=1\\n" > $f; done\n',
      { mode: 0o755 },
    );
    const { exitCode, stdout, stderr } = await scaleWith(BEFORE_IT_IS_IN_PLACE, edit(''));
    assert.equal(exitCode, 0, stdout + stderr);
    assert.match(await lab.ok('systemctl show -P Environment -P ExecStart web'), /MINE=1/);
    assert.match(await lab.readFile(UNIT), /--workers 3 /);
    assert.equal(await countWorkers(), 3);
  });

  test('the service is restarted right before the signal: as many run as the unit says', async () => {
    await scaleWith(BEFORE_THE_SIGNAL, 'systemctl restart web');
    await run();
    const declared = Number(/--workers (\d)/.exec(await lab.readFile(UNIT))?.[1]);
    assert.equal(await countWorkers(), declared);
    assert.doesNotMatch(await lab.ok(`ls ${CHANGES} || true`), /pending|new/);
  });
});

describe('folders of ours that are deleted in the middle of a change', () => {
  test('the backups: undone from memory, and told; then it can be changed again', async () => {
    const { exitCode, stdout, stderr } = await scaleWith(
      BEFORE_IT_IS_IN_PLACE,
      'rm -rf /var/backups/autoscaler',
    );
    assert.equal(exitCode, 1, stdout + stderr);
    assert.match(stdout, /2 → 3 failed: .*no such file or folder.*undone: it is as before, with 2/);
    assert.equal(await lab.readFile(UNIT), WEB);
    assert.equal(await countWorkers(), 2);
    assert.equal((await lab.autoscaler(['scale', 'web', '3'], PATIENT)).exitCode, 0);
    assert.equal(await countWorkers(), 3);
  });

  test('the state: the change is made, and noted in a new history', async () => {
    const { exitCode, stdout, stderr } = await scaleWith('kill#1', 'rm -rf /var/lib/autoscaler');
    assert.equal(exitCode, 0, stdout + stderr);
    assert.equal(await countWorkers(), 3);
    assert.match(await lab.readFile('/var/lib/autoscaler/history.jsonl'), /"result":"applied"/);
  });
});

describe('a broker that does not do its part', () => {
  const REDIS = 'redis://127.0.0.1:6379/0';

  test('it takes the question, and the worker does not act on it: nothing is changed, the others are served', async () => {
    await installUnit(lab, 'other.service', OTHER);
    await installUnit(lab, 'lab-redis.service', redisUnit());
    await installUnit(lab, 'web.service', celeryUnit());
    await lab.ok('systemctl restart web');
    await lab.until(async () => (await lab.ok('redis-cli client list')).includes('psub=1'), {
      what: 'remote control',
      timeoutMs: 30_000,
    });
    await configure({ broker_url: REDIS, kind: 'celery', min_workers: 4 }, { apply: 'live-only' });
    const main = await lab.ok('systemctl show -P MainPID web');
    // the first connection asks for the length of the queue
    const { exitCode, web, other } = await runWith('connect#2', `kill -STOP ${main}`);
    await lab.ok(`kill -CONT ${main}`);
    assert.deepEqual([exitCode, web.applied, web.hold], [0, false, 'no_live'], web.reason);
    assert.match(web.reason, /does not answer to remote control/);
    assertServed(other);
    assert.match(await lab.readFile(UNIT), /-c 2/);
    assert.equal(await countWorkers(), 2);
  });
});
