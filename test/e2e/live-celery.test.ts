import { after, before, beforeEach, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { startLab, type Lab } from '../lab/lab.ts';
import { celeryUnit, enqueue, installUnit, redisUnit } from '../lab/services.ts';

const CONFIG = '/etc/autoscaler/config.json';
const REDIS = 'redis://127.0.0.1:6379/0';
/** Machines that test are slow at times. */
const PATIENT = { timeoutMs: 180_000 };

let lab: Lab;
before(async () => {
  lab = await startLab();
  await installUnit(lab, 'lab-redis.service', redisUnit());
});
after(() => lab.stop());
beforeEach(async () => {
  await lab.sh(
    'systemctl kill -s KILL jobs other; systemctl stop jobs other; rm -rf /var/backups/autoscaler /var/lib/autoscaler',
  );
  await lab.ok('redis-cli flushall; systemctl reset-failed');
  await configure({});
});

/** Thresholds that are never reached, so that nothing but a change by hand or a heal happens. */
async function configure(more: Record<string, unknown>, apply = 'live'): Promise<void> {
  const jobs = {
    ...{ kind: 'celery', max_workers: 9, cpu_thresholds: { scale_down_1: 0 } },
    ...{ broker_url: REDIS, ...more },
  };
  await lab.writeFile(CONFIG, JSON.stringify({ projects: { jobs }, global: { apply } }));
}

/** Starts a worker and waits until it listens to remote control. */
async function start(name: string, unit: string): Promise<void> {
  await installUnit(lab, `${name}.service`, unit);
  await lab.until(async () => (await countChildren(name)) >= 2, {
    what: 'its pool',
    timeoutMs: 30_000,
  });
  await lab.ok('sleep 1.5');
}

async function countChildren(name = 'jobs'): Promise<number> {
  const { stdout } = await lab.sh(`pgrep -c -r D,R,S -P $(systemctl show -P MainPID ${name})`);
  return Number(stdout);
}

function mainPid(name = 'jobs'): Promise<string> {
  return lab.ok(`systemctl show -P MainPID ${name}`);
}

async function succeed(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  const { exitCode, stdout, stderr } = await lab.autoscaler(args, PATIENT);
  assert.equal(exitCode, 0, stdout + stderr);
  return { stdout, stderr };
}

async function readTraces(n: number): Promise<number[]> {
  const keys = Array.from({ length: n }, (_, id) => `trace:${id}`).join(' ');
  const text = await lab.ok(`redis-cli -n 15 mget ${keys}`);
  return text.split('\n').slice(0, n).map(Number);
}

describe('a Celery pool that works is changed by remote control', () => {
  test('up and down while it is busy: no task is lost or done twice, nothing is left on the broker', async () => {
    const unit = celeryUnit();
    await start('jobs', unit);
    const main = await mainPid();
    const tasks = 200;
    await enqueue(lab, tasks, 'tasks.trace', (id) => [id, 0.2]);
    for (const workers of [5, 3, 6, 4]) {
      const { stdout } = await succeed('scale', 'jobs', String(workers));
      assert.match(
        stdout,
        new RegExp(`→ ${workers} workers; verified: \\d running, without a restart`),
      );
      assert.match(await lab.ok('systemctl show -p ExecStart jobs'), new RegExp(`-c ${workers} `));
    }
    await lab.until(
      async () => (await readTraces(tasks)).reduce((sum, each) => sum + each, 0) >= tasks,
      { what: 'all tasks to end', timeoutMs: 60_000 },
    );
    await lab.ok('sleep 1');
    assert.deepEqual(await readTraces(tasks), Array<number>(tasks).fill(1));
    assert.equal(await mainPid(), main);
    // what busy processes kept alive goes in a later run
    await succeed('run');
    assert.equal(await countChildren(), 4);
    assert.doesNotMatch(await lab.ok('redis-cli keys "*"'), /autoscaler|reply/);
    await succeed('rollback');
    assert.equal(await lab.readFile('/etc/systemd/system/jobs.service'), unit);
    assert.deepEqual([await countChildren(), await mainPid()], [2, main]);
  });

  test('all are busy: the unit says the lower number, and a later run brings the pool down', async () => {
    await start('jobs', celeryUnit({ count: '-c 4' }));
    const main = await mainPid();
    await enqueue(lab, 4, 'tasks.sleep', () => [25]);
    await lab.until(async () => (await lab.ok('redis-cli llen celery')) === '0\n', {
      what: 'all tasks to begin',
      timeoutMs: 20_000,
    });
    const { stdout } = await succeed('scale', 'jobs', '2');
    assert.match(
      stdout,
      /4 → 2 workers; verified: 4 running, without a restart; 2 of them still busy/,
    );
    assert.match(await lab.readFile('/etc/systemd/system/jobs.service'), /-c 2/);
    await lab.ok('sleep 20');
    assert.match((await succeed('run')).stdout, /4 workers running, 2 declared → brought to 2/);
    assert.deepEqual([await countChildren(), await mainPid()], [2, main]);
  });

  test('two workers on one broker: only the one that is meant changes, whatever its name', async () => {
    await start('jobs', celeryUnit({ args: '-n first.%%n@%%h' }));
    await start('other', celeryUnit({ args: '--hostname=second' }));
    await succeed('scale', 'jobs', '4');
    assert.deepEqual([await countChildren('jobs'), await countChildren('other')], [4, 2]);
  });
});

/** It writes its PID file 2 s after its start command has ended. */
const SLOW = `[Service]
Type=forking
PIDFile=/run/slow.pid
TimeoutStartSec=15
ExecStart=/bin/sh -c '(sleep 2; sh -c "echo \\$PPID" > /run/slow.pid; exec sleep 1000) > /dev/null 2>&1 &'
`;

test('a daemon that systemd does not watch, while another service has not written its PID file', async () => {
  const args = '-A tasks multi start jobs -c 2 --pidfile=/run/jobs.pid --logfile=/run/jobs.log';
  const unit = celeryUnit({
    execStart: `/usr/bin/celery ${args}`,
    lines: ['Type=oneshot', 'RemainAfterExit=yes'],
  });
  await installUnit(lab, 'jobs.service', unit);
  const see = async () => {
    const main = (await lab.sh('cat /run/jobs.pid')).stdout.trim();
    return { main, pool: Number((await lab.sh(`pgrep -c -r D,R,S -P ${main || 0}`)).stdout) };
  };
  await lab.until(async () => (await see()).pool === 2, { what: 'its pool', timeoutMs: 30_000 });
  await lab.writeFile('/etc/systemd/system/slow.service', SLOW);
  await lab.ok('sleep 1.5; systemctl daemon-reload; systemctl start --no-block slow');
  const { main } = await see();
  const { stdout } = await succeed('scale', 'jobs', '4');
  assert.match(stdout, /2 → 4 workers; verified: 4 running, without a restart/);
  assert.deepEqual(await see(), { main, pool: 4 });
  await lab.until(async () => /^active$/m.test((await lab.sh('systemctl is-active slow')).stdout), {
    what: 'the other service to be there',
    timeoutMs: 10_000,
  });
  // it is older than 10 s by now, so that drift is healed
  await lab.ok('sed -i "s/-c 4/-c 3/" /etc/systemd/system/jobs.service; systemctl daemon-reload');
  assert.match((await succeed('run')).stdout, /4 workers running, 3 declared → brought to 3/);
  assert.deepEqual(await see(), { main, pool: 3 });
});

test('killed (SIGKILL) right after the pool was asked to grow: the next run does not ask again', async () => {
  const tracer = join(import.meta.dirname, '../faults/tracer.py');
  await start('jobs', celeryUnit());
  const main = await mainPid();
  // connections: two questions what runs, then the demand; what comes after it looks whether the pool grows
  const { exitCode } = await lab.exec(
    [
      ...['/usr/bin/python3', tracer, '/run/events', 'connect#3>execve:KILL', '--'],
      ...[...lab.autoscalerArgv, 'scale', 'jobs', '4'],
    ],
    PATIENT,
  );
  assert.equal(exitCode, 137);
  const { in_progress: pending } = (
    JSON.parse((await succeed('status', '--json')).stdout) as {
      services: [{ in_progress: { next: string } }];
    }
  ).services[0];
  assert.equal(pending.next, 'finish');
  // Celery starts them within 5 s
  const { stderr } = await succeed('run');
  assert.match(stderr, /"event":"recovered".*"result":"applied"/);
  assert.deepEqual([await countChildren(), await mainPid()], [4, main]);
});

describe('where remote control does not reach the pool', () => {
  const rows: [name: string, unit: string, more: Record<string, unknown>, why: RegExp][] = [
    [
      'the config has no broker_url',
      celeryUnit(),
      { broker_url: undefined },
      /the config has no .*broker_url/,
    ],
    [
      'it listens to another exchange',
      celeryUnit({ env: { CONTROL_EXCHANGE: 'private' } }),
      {},
      /does not answer to remote control/,
    ],
    [
      'it is switched off',
      celeryUnit({ env: { REMOTE_CONTROL: 'off' } }),
      {},
      /does not answer to remote control/,
    ],
  ];
  for (const [index, [name, unit, more, why]] of rows.entries()) {
    test(`${name}: it is restarted, and the reason is said`, async () => {
      await configure(more);
      await start('jobs', unit);
      const main = await mainPid();
      const first = await succeed('scale', 'jobs', '3');
      assert.match(first.stdout, /2 → 3 workers; verified: 3 running\n/);
      assert.match(first.stderr, why);
      assert.notEqual(await mainPid(), main);
      assert.equal(await countChildren(), 3);
      // to wait in vain for an answer takes its time: what is said once is seen once
      if (index > 0) return;
      const second = await succeed('scale', 'jobs', '4');
      assert.doesNotMatch(second.stderr, why);
    });
  }

  test('and with live-only nothing is changed', async () => {
    await configure({ min_workers: 3 }, 'live-only');
    const unit = celeryUnit({ args: '-P threads' });
    await installUnit(lab, 'jobs.service', unit);
    const { stdout, stderr } = await succeed('run');
    assert.match(stdout, /not made: it would need a restart \(its pool is threads/);
    assert.equal(stderr.match(/"event":"live"/g)?.length, 1, stderr);
    assert.doesNotMatch((await succeed('run')).stderr, /"event":"live"/);
    assert.equal(await lab.readFile('/etc/systemd/system/jobs.service'), unit);
  });
});
