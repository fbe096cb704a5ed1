import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import type { HistoryEntry } from '../../src/model/types.ts';
import { startLab, type Lab } from '../lab/lab.ts';
import { gunicornUnit, installUnit, redisUnit } from '../lab/services.ts';

const INTERVAL_S = 2;
const COOLDOWN_S = 15;
/** Machines that test are slow at times. */
const PATIENT = { timeoutMs: 180_000 };
/** With a fourth worker this application does not come up, and Gunicorn ends as a whole. */
const FRAGILE = `import sys
def post_fork(server, worker):
    if server.num_workers >= 4:
        sys.exit(3)
`;

interface ServiceReport {
  project: string;
  running: number | null;
  action: string;
  codes: string[];
  to: number | null;
  applied: boolean;
  hold: string | null;
  reason: string;
  error: string | null;
}

let lab: Lab;
before(async () => {
  lab = await startLab();
  await installUnit(lab, 'lab-redis.service', redisUnit());
  await lab.writeFile('/etc/fragile.py', FRAGILE);
  await installUnit(lab, 'steps.service', gunicornUnit());
  await installUnit(
    lab,
    'fragile.service',
    gunicornUnit({ bind: '127.0.0.1:8001', args: '-c /etc/fragile.py' }),
  );
  const common = {
    ...{ min_workers: 2, max_workers: 4, broker_url: 'redis://127.0.0.1:6379/0' },
    queue_thresholds: { scale_up_4: 10, scale_down_2: 5 },
    queue_duration_minutes: { scale_up: INTERVAL_S / 60, scale_down: 60 },
  };
  const projects = {
    steps: { ...common, max_step: 1, cooldown_minutes: { scale_up: COOLDOWN_S / 60 } },
    fragile: common,
  };
  const global = { check_interval_seconds: INTERVAL_S, apply: 'live' };
  await lab.writeFile('/etc/autoscaler/config.json', JSON.stringify({ projects, global }), {
    mode: 0o600,
  });
});
after(() => lab.stop());

/** One cycle of the timer: a run, then the rest of the interval. */
async function cycle(): Promise<{ steps: ServiceReport; fragile: ServiceReport }> {
  const start = Date.now();
  const { stdout, stderr } = await lab.autoscaler(['run', '--json'], PATIENT);
  const { services } = JSON.parse(stdout) as { services: ServiceReport[] };
  await new Promise((done) => setTimeout(done, INTERVAL_S * 1000 - (Date.now() - start)));
  // those that were changed come first
  const steps = services.find(({ project }) => project === 'steps');
  const fragile = services.find(({ project }) => project === 'fragile');
  assert.ok(steps !== undefined && fragile !== undefined, stdout + stderr);
  return { steps, fragile };
}

/** Runs until `isThere` says so; every run before is left behind. */
async function runUntil(
  what: string,
  isThere: (services: { steps: ServiceReport; fragile: ServiceReport }) => boolean,
) {
  let last = await cycle();
  for (const start = Date.now(); !isThere(last); last = await cycle()) {
    assert.ok(Date.now() - start < 90_000, `${what}: ${JSON.stringify(last)}`);
  }
  return last;
}

/** When the changes of a service ended, ms since the epoch. */
async function readChanges(project: string): Promise<number[]> {
  const lines = (await lab.readFile('/var/lib/autoscaler/history.jsonl')).trimEnd().split('\n');
  return lines
    .map((line) => JSON.parse(line) as { kind: string; at: string; service?: string })
    .filter(({ kind, service }) => kind === 'action' && service === `${project}.service`)
    .map(({ at }) => Date.parse(at));
}

async function declared(service: string): Promise<string> {
  return (await lab.ok(`grep -o 'workers [0-9]*' /etc/systemd/system/${service}.service`)).trim();
}

// side by side: they have nothing in common but the host
describe('brakes', { concurrency: true, timeout: 300_000 }, () => {
  describe('what holds a change back', { concurrency: 1 }, tellHolds);
  test(
    'warmup_seconds: no evidence before; adaptive_scale_down: what had to be taken back waits twice as long',
    tellYoung,
  );
});

function tellHolds(): void {
  test('max_step cuts it, a cooldown puts the rest off, a change that failed is not made again at once', async () => {
    await lab.ok('for i in $(seq 20); do redis-cli lpush celery x; done');
    const first = await runUntil('the first step', ({ steps }) => steps.action === 'scale_up');
    assert.deepEqual([first.steps.to, first.steps.applied], [3, true], first.steps.reason);
    assert.match(first.steps.reason, /max_step/);
    // in the same run, or in one of the next
    const failed =
      first.fragile.error === null
        ? await runUntil('the failure', ({ fragile }) => fragile.error !== null)
        : first;
    assert.match(failed.fragile.error ?? '', /2 → 4 failed: .*undone: it is as before, with 2/);

    const held = await runUntil(
      'both to be held',
      ({ fragile }) => fragile.hold === 'failed_change',
    );
    assert.match(held.fragile.reason, /hold: failed change, next try in (10 m|9 m \d+ s)/);
    assert.deepEqual([held.fragile.running, await declared('fragile')], [2, 'workers 2']);

    const second = await runUntil('the second step', ({ steps }) => {
      if (steps.hold === 'cooldown') assert.match(steps.reason, /cooldown/);
      return steps.action === 'scale_up';
    });
    assert.deepEqual([second.steps.to, second.steps.applied], [4, true], second.steps.reason);
    const [before = NaN, then = NaN] = await readChanges('steps');
    assert.ok(then - before >= (COOLDOWN_S - 1) * 1000, `${then - before} ms between the steps`);
  });

  test('drift waits while the service is on hold for a failed change, and is healed after that', async () => {
    await lab.ok('kill -TTOU $(systemctl show -P MainPID fragile)');
    const held = await runUntil('the drift', ({ fragile }) => fragile.running === 1);
    assert.equal(held.fragile.hold, 'failed_change');
    const still = await cycle();
    assert.equal(still.fragile.running, 1, JSON.stringify(still.fragile));
    // nothing is asked for any more that could fail again
    await lab.ok('redis-cli del celery');
    const healed = await runUntil('the heal', ({ fragile }) => fragile.running === 2);
    assert.match(healed.fragile.reason, /1 worker running, 2 declared → brought to 2/);
  });

  test('scale: max_step and the limits hold by hand too, unless forced', async () => {
    const step = await lab.autoscaler(['scale', 'steps', '2']);
    assert.equal(step.exitCode, 64);
    assert.match(step.stderr, /has 4 workers and may go to 3 at once \(max_step\), not to 2/);
    const limit = await lab.autoscaler(['scale', 'steps', '9', '--dry-run']);
    assert.equal(limit.exitCode, 64);
    assert.match(limit.stderr, /insist with --force/);
    assert.equal(await declared('steps'), 'workers 4');
    const beyond = await lab.autoscaler(['scale', 'steps', '9', '--dry-run', '--force']);
    assert.deepEqual([beyond.exitCode, await declared('steps')], [0, 'workers 4'], beyond.stderr);
    const forced = await lab.autoscaler(['scale', 'steps', '2', '--force'], PATIENT);
    assert.equal(forced.exitCode, 0, forced.stdout + forced.stderr);
    assert.match(forced.stdout, /4 → 2 workers; verified: 2 running, without a restart/);
    assert.equal(await declared('steps'), 'workers 2');
  });
}

const WARMUP_S = 8;
const DOWN_S = 20;

async function tellYoung(): Promise<void> {
  const folder = '/var/lib/young';
  const project = {
    ...{
      min_workers: 2,
      max_workers: 4,
      queues: ['young'],
      broker_url: 'redis://127.0.0.1:6379/0',
    },
    queue_thresholds: { scale_up_4: 10, scale_down_2: 5 },
    queue_duration_minutes: { scale_up: 0.5 / 60, scale_down: DOWN_S / 60 },
    ...{ warmup_seconds: WARMUP_S, adaptive_scale_down: true },
  };
  const global = {
    ...{ check_interval_seconds: INTERVAL_S, apply: 'live' },
    ...{ state_dir: folder, backup_dir: `${folder}/backups` },
  };
  const config = '/etc/autoscaler/young.json';
  await lab.writeFile(config, JSON.stringify({ projects: { young: project }, global }), {
    mode: 0o600,
  });
  const fill = 'for i in $(seq 20); do redis-cli lpush young x; done';
  const run = async (): Promise<ServiceReport> => {
    const { stdout, stderr } = await lab.autoscaler(['--config', config, 'run', '--json'], PATIENT);
    const [young] = (JSON.parse(stdout) as { services: ServiceReport[] }).services;
    assert.ok(young?.error === null, stdout + stderr);
    return young;
  };
  /** The reasons of the runs before, the last of which did `action`. */
  const runUntil = async (action: string): Promise<string[]> => {
    const reasons: string[] = [];
    for (const start = Date.now(); ;) {
      const young = await run();
      reasons.push(young.reason);
      if (young.action === action) return reasons;
      assert.ok(Date.now() - start < 90_000, `${action}: ${reasons.join('\n')}`);
      await new Promise((done) => setTimeout(done, 500));
    }
  };
  const read = async () =>
    (await lab.readFile(`${folder}/history.jsonl`))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as HistoryEntry);

  await lab.ok(fill);
  await installUnit(
    lab,
    'young.service',
    gunicornUnit({ count: '--workers 3', bind: '127.0.0.1:8002' }),
  );
  assert.match((await runUntil('scale_up'))[0] ?? '', /20 > 10 .*warming up → stays at 3/);
  const decided = (await read()).filter((entry) => entry.kind === 'sample').at(-1);
  const age = (decided?.uptime_s ?? 0) - (decided?.services['young.service']?.main_start_s ?? 0);
  assert.ok(age >= WARMUP_S + 0.5 - 0.2, `raised ${age} s after its start`);

  await lab.ok('redis-cli del young');
  assert.match((await runUntil('scale_down'))[0] ?? '', /20 s more/);
  await lab.ok(fill);
  await runUntil('scale_up');
  await lab.ok('redis-cli del young');
  const next = await run();
  const [lowered = NaN, raised = NaN] = (await read())
    .filter((entry) => entry.kind === 'action')
    .slice(1)
    .map(({ uptime_s: seconds }) => seconds);
  // on a very slow machine the raise comes too late to take anything back
  const isTakenBack = raised - lowered <= DOWN_S;
  assert.equal(
    next.codes.includes('adaptive'),
    isTakenBack,
    `${raised - lowered} s: ${next.reason}`,
  );
  assert.match(next.reason, isTakenBack ? /40 s more.* waits 2 times as long/ : /20 s more/);
}
