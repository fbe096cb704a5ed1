import { after, before, beforeEach, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { httpLoad } from '../lab/http-load.ts';
import { startLab, type Lab } from '../lab/lab.ts';
import { APPS, gunicornUnit, installUnit } from '../lab/services.ts';

const CONFIG = '/etc/autoscaler/config.json';
const UNIT = '/etc/systemd/system/web.service';
const RELOAD = 'ExecReload=/bin/kill -HUP $MAINPID';
/** Machines that test are slow at times. */
const PATIENT = { timeoutMs: 180_000 };

let lab: Lab;
before(async () => {
  lab = await startLab();
});
after(() => lab.stop());
beforeEach(async () => {
  await lab.sh(
    'systemctl stop web; rm -rf /etc/systemd/system/web.service* /var/backups/autoscaler /var/lib/autoscaler; systemctl daemon-reload; systemctl reset-failed',
  );
  await configure('live');
});

/** A project whose thresholds are never reached, so that nothing but a change by hand or a heal happens. */
async function configure(apply: string): Promise<void> {
  const web = { max_workers: 8, cpu_thresholds: { scale_down_1: 0 } };
  await lab.writeFile(CONFIG, JSON.stringify({ projects: { web }, global: { apply } }));
}

async function succeed(...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await lab.autoscaler(args, PATIENT);
  assert.equal(exitCode, 0, stdout + stderr);
  return stdout;
}

/** The processes of Gunicorn: those of a shell above it are none. */
async function readTree(): Promise<{ master: string; workers: number }> {
  const lines = (await lab.ok('ps -eo pid=,ppid=,comm=,args=')).split('\n');
  const all = lines
    .map((line) => line.trim().split(/ +/))
    .filter(([, , comm]) => comm === 'gunicorn');
  const pids = new Set(all.map(([pid]) => pid));
  const master = all.find(([, parent]) => !pids.has(parent))?.[0] ?? '';
  return { master, workers: all.filter(([, parent]) => parent === master).length };
}

async function masterOf(): Promise<string> {
  return (await readTree()).master;
}

async function countWorkers(): Promise<number> {
  return (await readTree()).workers;
}

async function untilWorkers(count: number): Promise<void> {
  await lab.until(async () => (await countWorkers()) === count, {
    what: `${count} workers`,
    timeoutMs: 30_000,
  });
}

function mainPid(): Promise<string> {
  return lab.ok('systemctl show -P MainPID web');
}

describe('a Gunicorn that serves is changed without a restart', () => {
  const forms: [name: string, unit: string][] = [
    ['workers of the kind sync', gunicornUnit()],
    // a connection that is kept alive goes with its worker: see docs/live.md
    [
      'workers of the kind gthread',
      gunicornUnit({ args: '-k gthread --threads 4 --keep-alive 0' }),
    ],
    [
      'a shell above the master',
      gunicornUnit({
        execStart: `/bin/sh -c "/usr/bin/gunicorn --workers 2 --bind 127.0.0.1:8000 web:app; true"`,
        lines: ['Type=simple'],
      }),
    ],
  ];
  for (const [name, unit] of forms) {
    test(`${name}: no request fails, and the unit says the number too`, async () => {
      await installUnit(lab, 'web.service', unit);
      await untilWorkers(2);
      const before = [await mainPid(), await masterOf()];
      const load = httpLoad(lab, { url: 'http://127.0.0.1:8000/sleep?ms=5', seconds: 60 });
      for (const workers of [4, 1]) {
        const stdout = await succeed('scale', 'web', String(workers));
        assert.match(
          stdout,
          new RegExp(`→ ${workers} workers?; verified: ${workers} running, without`),
        );
        assert.equal(await countWorkers(), workers);
        assert.match(
          await lab.ok('systemctl show -p ExecStart web'),
          new RegExp(`--workers ${workers} `),
        );
      }
      load.stop();
      const { requests, failed } = await load.done;
      assert.deepEqual([await mainPid(), await masterOf()], before);
      assert.equal(failed, 0, `of ${requests} requests`);
      assert.ok(requests > 200, `${requests} requests`);
      assert.equal(await lab.readFile(UNIT), unit.replace('--workers 2', '--workers 1'));
      await succeed('rollback');
      assert.equal(await lab.readFile(UNIT), unit);
      assert.deepEqual([await mainPid(), await countWorkers()], [before[0], 2]);
    });
  }
});

describe('a Gunicorn whose workers end after some requests (--max-requests) and are replaced all the time', () => {
  for (const apply of ['live', 'restart']) {
    test(`it is changed all the same: ${apply}`, async () => {
      await configure(apply);
      await installUnit(lab, 'web.service', gunicornUnit({ args: '--max-requests 50' }));
      await untilWorkers(2);
      // some 40 requests a second: one of them ends in each second, more or less
      const load = httpLoad(lab, {
        ...{ url: 'http://127.0.0.1:8000/sleep?ms=50', connections: 2, seconds: 150 },
      });
      const first = await lab.ok('pgrep -P $(systemctl show -P MainPID web)');
      await lab.until(
        async () => (await lab.ok('pgrep -P $(systemctl show -P MainPID web)')) !== first,
        { what: 'a worker to be replaced' },
      );
      for (const workers of [4, 3]) {
        const stdout = await succeed('scale', 'web', String(workers));
        assert.match(stdout, new RegExp(`→ ${workers} workers; verified: ${workers} running`));
      }
      load.stop();
      const { requests, failed } = await load.done;
      assert.ok(requests > 100, `${requests} requests`);
      if (apply === 'live') assert.equal(failed, 0, `of ${requests} requests`);
      await untilWorkers(3);
    });
  }
});

describe('a reload lets the master fall back to its old command line; the next run heals that', () => {
  test('up, and down, with the main process that it was', async () => {
    await installUnit(lab, 'web.service', gunicornUnit({ lines: [RELOAD] }));
    // a master without workers would be restarted
    await untilWorkers(2);
    const main = await mainPid();
    for (const workers of [4, 1]) {
      assert.match(await succeed('scale', 'web', String(workers)), /without a restart/);
      await lab.ok('systemctl reload web');
      await untilWorkers(2);
      // what has just been started is left alone
      await lab.until(async () => (await age(main)) > 11, { what: 'it to grow up' });
      const { services } = JSON.parse(await succeed('run', '--json')) as {
        services: { action: string; from: number; to: number; applied: boolean; reason: string }[];
      };
      const [{ action, from, to, applied, reason } = assert.fail()] = services;
      assert.deepEqual([action, from, to, applied], ['heal', 2, workers, true], reason);
      assert.deepEqual([await countWorkers(), await mainPid()], [workers, main]);
    }
    const history = await lab.readFile('/var/lib/autoscaler/history.jsonl');
    assert.equal(history.match(/"action":"heal".*"result":"applied"/g)?.length, 2);
    assert.match(await succeed('run', '--json'), /"action":"none"/);
    assert.equal(await countWorkers(), 1);
  });

  test('in restart mode it is told and nothing is done', async () => {
    await configure('restart');
    await installUnit(lab, 'web.service', gunicornUnit());
    await untilWorkers(2);
    await lab.ok('kill -TTIN $(systemctl show -P MainPID web)');
    await untilWorkers(3);
    assert.match(await succeed('run'), /3 workers running, 2 declared/);
    assert.equal(await countWorkers(), 3);
  });
});

test('a worker that still answers a request is waited for by nobody, and ended once', async () => {
  await installUnit(lab, 'web.service', gunicornUnit({ count: '-w 3', args: '-t 120' }));
  await untilWorkers(3);
  // all three are busy for longer than the change lasts
  const slow = lab.spawn(
    ['sh', '-c', 'for i in 1 2 3; do curl -sS "http://127.0.0.1:8000/sleep?ms=18000" & done; wait'],
    PATIENT,
  );
  slow.stdin.end();
  await lab.ok('sleep 1');
  const stdout = await succeed('scale', 'web', '2');
  assert.match(stdout, /3 running, without a restart; 1 of them still finishing requests/);
  assert.match(await succeed('run'), /3 workers running, 2 declared; not healed now/);
  const { stdout: answers } = await slow.done;
  assert.equal(answers, 'ok\n'.repeat(3));
  await untilWorkers(2);
  assert.match(await succeed('run'), /web +2 +2 /);
});

test('a code that cannot be loaded any more: undone, and the service is up again', async () => {
  // Gunicorn ends altogether when a worker cannot load the application; the next one can again
  await lab.writeFile(
    '/srv/web.py',
    `import os\nif os.path.exists("/run/fail"):\n    os.rename("/run/fail", "/run/failed")\n    raise RuntimeError("told to")\nexec(open("${APPS}/web.py").read())\n`,
  );
  const unit = gunicornUnit({ args: '--chdir /srv' });
  await installUnit(lab, 'web.service', unit);
  await lab.until(async () => (await lab.sh('curl -sf http://127.0.0.1:8000/')).stdout === 'ok\n', {
    what: 'an answer',
    timeoutMs: 30_000,
  });
  await lab.ok('sleep 1; touch /run/fail');
  const { exitCode, stdout } = await lab.autoscaler(['scale', 'web', '3'], PATIENT);
  assert.equal(exitCode, 1);
  assert.match(stdout, /2 → 3 failed: .*undone: it is as before, with 2/);
  assert.equal(await lab.readFile(UNIT), unit);
  assert.equal(await lab.ok('systemctl is-active web'), 'active\n');
  assert.equal(await countWorkers(), 2);
});

describe('killed (SIGKILL) in the middle of a live change: the next run completes it or rolls it back', () => {
  const tracer = join(import.meta.dirname, '../faults/tracer.py');
  const rows: [moment: string, fault: string, workers: number][] = [
    ['between two signals', 'kill#2:KILL', 4],
    ['while it settles', 'kill#2>execve#8:KILL', 4],
    ['before systemd has read the unit', 'rename#1>execve:KILL', 2],
  ];
  for (const [moment, fault, workers] of rows) {
    test(moment, async () => {
      const unit = gunicornUnit();
      await installUnit(lab, 'web.service', unit);
      await untilWorkers(2);
      const main = await mainPid();
      const { exitCode } = await lab.exec(
        [
          ...['/usr/bin/python3', tracer, '/run/events', fault, '/etc/systemd/system', '--'],
          ...[...lab.autoscalerArgv, 'scale', 'web', '4'],
        ],
        PATIENT,
      );
      assert.equal(exitCode, 137);
      const dry = await succeed('run', '--dry-run');
      const { stdout, stderr } = await lab.autoscaler(['run'], PATIENT);
      assert.match(stderr, /"event":"recovered"/, stdout);
      const declared = unit.replace('--workers 2', `--workers ${workers}`);
      assert.equal(await lab.readFile(UNIT), declared);
      assert.deepEqual([await countWorkers(), await mainPid()], [workers, main]);
      assert.match(await lab.ok('ls /var/backups/autoscaler/changes'), /^000001-web\.service\n$/);
      assert.match(dry, workers === 4 ? /completes it first/ : /rolls it back first/);
    });
  }
});

test('a rollback waits for the run that is under way', async () => {
  const unit = gunicornUnit();
  await installUnit(lab, 'web.service', unit);
  await untilWorkers(2);
  const first = lab.spawn([...lab.autoscalerArgv, 'scale', 'web', '3'], PATIENT);
  first.stdin.end();
  // it holds the lock while it makes its change
  await lab.until(
    async () => (await lab.sh('ls /var/backups/autoscaler/changes | grep pending')).exitCode === 0,
    { what: 'the change', timeoutMs: 20_000, everyMs: 20 },
  );
  const { exitCode, stdout, stderr } = await lab.autoscaler(['rollback', '--keep-timer'], PATIENT);
  assert.equal(exitCode, 0, stdout + stderr);
  assert.match(stderr, /waiting up to 180 s for another run to end: process \d+ /);
  assert.equal((await first.done).exitCode, 0);
  assert.equal(await lab.readFile(UNIT), unit);
  assert.equal(await countWorkers(), 2);
});

/** Seconds since the start of a process. */
async function age(pid: string): Promise<number> {
  return Number(await lab.ok(`ps -o etimes= -p ${pid}`));
}
