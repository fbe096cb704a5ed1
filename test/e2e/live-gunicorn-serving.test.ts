import { after, before, beforeEach, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { startLab, type Lab } from '../lab/lab.ts';
import { gunicornUnit, installUnit } from '../lab/services.ts';

const CONFIG = '/etc/autoscaler/config.json';
const UNIT = '/etc/systemd/system/web.service';
const PATIENT = { timeoutMs: 120_000 };

/** Loads at once; while /run/hang is there it waits, and with /run/crash it ends as if it were killed. */
const APP = `import os, time
if os.path.exists("/run/crash"):
    time.sleep(0.3)
    os.kill(os.getpid(), 9)
while os.path.exists("/run/hang"):
    time.sleep(0.2)
if os.path.exists("/run/slow"):
    time.sleep(float(open("/run/slow").read()))
def application(environ, start_response):
    start_response("200 OK", [("Content-Length", "3")])
    return [b"ok\\n"]
`;

let lab: Lab;
before(async () => {
  lab = await startLab();
  await lab.writeFile('/srv/hangs.py', APP);
  // compiled by whoever loads it first: nothing changes under /srv any more
  await lab.ok('touch -d "1 hour ago" /srv /srv/hangs.py');
});
after(() => lab.stop());
beforeEach(async () => {
  await lab.sh(
    'rm -f /run/hang /run/crash /run/slow; systemctl stop web; rm -rf /etc/systemd/system/web.service* /var/backups/autoscaler /var/lib/autoscaler; systemctl daemon-reload; systemctl reset-failed',
  );
  await configure();
});

async function configure(more: object = { boot_timeout_seconds: 5 }): Promise<void> {
  const web = { max_workers: 8, cpu_thresholds: { scale_down_1: 0 }, ...more };
  await lab.writeFile(CONFIG, JSON.stringify({ projects: { web }, global: { apply: 'live' } }));
}

function unitOf(count: number, args = '--timeout 600'): string {
  return gunicornUnit({
    count: `--workers ${count}`,
    args,
    app: 'hangs:application',
    lines: ['User=www-data', 'Environment=PYTHONDONTWRITEBYTECODE=1'],
  }).replace(/WorkingDirectory=.*/, 'WorkingDirectory=/srv');
}

async function install(count: number, args?: string): Promise<string> {
  const unit = unitOf(count, args);
  await installUnit(lab, 'web.service', unit);
  await lab.until(async () => (await pids()).length === count && (await serves()), {
    what: 'it to serve',
    timeoutMs: 30_000,
  });
  // one answer does not mean that all of them serve
  await lab.ok('sleep 1');
  return unit;
}

async function pids(): Promise<string[]> {
  const { stdout } = await lab.sh('pgrep -P $(systemctl show -P MainPID web)');
  return stdout.split('\n').filter(Boolean);
}

async function serves(): Promise<boolean> {
  return (await lab.sh('curl -sf -m 5 http://127.0.0.1:8000/')).stdout === 'ok\n';
}

async function scale(workers: number): Promise<{ exitCode: number | null; said: string }> {
  const { exitCode, stdout, stderr } = await lab.autoscaler(
    ['scale', 'web', String(workers)],
    PATIENT,
  );
  return { exitCode, said: stdout + stderr };
}

describe('a new worker that does not serve goes, and those that serve stay', () => {
  const rows: [name: string, count: number, to: number, file: string, args?: string][] = [
    ['1 → 2, it hangs while it loads', 1, 2, 'hang'],
    ['3 → 5: the second one is not even asked for', 3, 5, 'hang'],
    ['its master ends and replaces it every 3 s (--timeout)', 2, 3, 'hang', '--timeout 3'],
    ['it is killed while it loads, again and again', 1, 2, 'crash'],
    ['threads', 1, 2, 'hang', '--timeout 600 --threads 4'],
  ];
  for (const [name, count, to, file, args] of rows) {
    test(name, async () => {
      const unit = await install(count, args);
      const before = await pids();
      await lab.ok(`touch /run/${file}`);
      const { exitCode, said } = await scale(to);
      assert.equal(exitCode, 1, said);
      assert.match(said, new RegExp(`undone: it is as before, with ${count}`));
      assert.deepEqual(await pids(), before, said);
      assert.equal(await lab.readFile(UNIT), unit);
      assert.ok(await serves());
      const asked = await lab.ok(
        'journalctl _SYSTEMD_INVOCATION_ID=$(systemctl show -P InvocationID web) | grep -c "signal: ttin"',
      );
      assert.equal(asked, '1\n', 'one at a time');
    });
  }
});

test('where it cannot be taken away it stays, which is said by the change, `run` and `check`', async () => {
  const unit = await install(1);
  const [first = ''] = await pids();
  await lab.ok('touch /run/hang');
  // as where the master cannot be held (ptrace is forbidden)
  const { exitCode, stdout, stderr } = await lab.exec(
    [
      ...['systemd-run', '--quiet', '--pipe', '--wait', '--collect'],
      ...['-p', 'SystemCallFilter=~ptrace', '-p', 'SystemCallErrorNumber=EPERM', '--'],
      ...[...lab.autoscalerArgv, 'scale', 'web', '2'],
    ],
    PATIENT,
  );
  const said = stdout + stderr;
  assert.equal(exitCode, 1, said);
  assert.match(
    said,
    /it serves with 1, but 2 workers are running instead of 1: process \d+ has not/,
  );
  assert.equal(await lab.readFile(UNIT), unit);
  assert.ok((await pids()).includes(first), said);
  assert.ok(await serves());
  const checked = await lab.autoscaler(['check'], PATIENT);
  assert.equal(checked.exitCode, 1);
  assert.match(checked.stdout, /1 of 2 workers has not served/);
  await lab.autoscaler(['run'], PATIENT);
  assert.ok(await serves());
  assert.ok((await pids()).includes(first));
  // once it serves it is a worker as any other
  await lab.ok('rm /run/hang');
  await lab.until(async () => /1 +1 /.test((await lab.autoscaler(['run'], PATIENT)).stdout), {
    what: 'the drift to be healed',
    timeoutMs: 60_000,
  });
});

test('lowered while one hangs: that one goes first', async () => {
  await install(2);
  const serving = await pids();
  await lab.ok('touch /run/hang; kill -TTIN $(systemctl show -P MainPID web)');
  await lab.until(async () => (await pids()).length === 3, { what: 'a third', timeoutMs: 20_000 });
  const { exitCode, said } = await scale(1);
  assert.equal(exitCode, 0, said);
  const left = await pids();
  assert.ok(left.length === 1 && serving.includes(left[0] ?? ''), said);
  assert.ok(await serves());
});

test('killed (SIGKILL) while it waits for a new worker that hangs: the next run takes that one back', async () => {
  const unit = await install(1);
  const before = await pids();
  await lab.ok('touch /run/hang');
  const first = lab.spawn([...lab.autoscalerArgv, 'scale', 'web', '2'], PATIENT);
  first.stdin.end();
  await lab.until(async () => (await pids()).length === 2, { what: 'a second', timeoutMs: 30_000 });
  await lab.ok('pkill -KILL -f "[m]ain.js scale web 2"');
  await first.done;
  const { stdout, stderr } = await lab.autoscaler(['run'], PATIENT);
  assert.match(stderr, /"event":"recovered"/, stdout);
  assert.deepEqual(await pids(), before);
  assert.equal(await lab.readFile(UNIT), unit);
  assert.ok(await serves());
});

test('boot_timeout_seconds is how long a worker may load; the limit is over all runs', async () => {
  await configure({ boot_timeout_seconds: 60 });
  await install(1);
  await lab.ok('echo 9 > /run/slow');
  const { exitCode, said } = await scale(2);
  assert.equal(exitCode, 0, said);
  assert.match(said, /verified: 2 running/);
  assert.equal((await pids()).length, 2);
});
