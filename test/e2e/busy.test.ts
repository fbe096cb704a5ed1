import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { join } from 'node:path';
import { CHECKOUT, startLab, type Lab } from '../lab/lab.ts';
import { runScript } from '../lab/script.ts';
import { gunicornUnit, installUnit } from '../lab/services.ts';
import { bootClockS, meanUnderWay, readNoted } from '../lab/timed.ts';

/** Services of the lab by what their workers are: `waits` and `threads` have 4 requests at once. */
const UNITS = {
  waits: { count: '--workers 4', bind: '127.0.0.1:8001' },
  threads: { count: '--workers 2', bind: 'unix:/run/threads.sock', args: '--threads 2' },
  one: { count: '--workers 1', bind: 'unix:/run/one.sock' },
  uvicorn: {
    count: '--workers 1',
    bind: '127.0.0.1:8004',
    args: '-k uvicorn.workers.UvicornWorker',
  },
} as const;

type Name = keyof typeof UNITS;

/** Clients that each wait for an answer of `ms` and then pause for `pauseMs` in the mean. */
interface Load {
  clients: number;
  ms: number;
  pauseMs: number;
}

/** What `waits` and `threads` serve at once, and by how many points a mean of some 40 looks may be off. */
const SLOTS = 4;
const TOLERANCE = 12;

const thresholds = {
  max_workers: 6,
  busy_thresholds: { scale_up_6: 80, scale_down_2: 50 },
  busy_duration_minutes: 0,
};

let lab: Lab;

before(async () => {
  lab = await startLab();
  await lab.ok(`mkdir ${Object.keys(UNITS).map(notesOf).join(' ')}`);
  for (const [name, options] of Object.entries(UNITS)) {
    const unit = gunicornUnit({ app: 'timed:app', env: { TIMED_DIR: notesOf(name) }, ...options });
    await installUnit(lab, `${name}.service`, unit);
  }
  const projects = Object.fromEntries(
    Object.keys(UNITS).map((name) => [
      name,
      name === 'waits' ? thresholds : { max_workers: 4, backlog_thresholds: { scale_up_2: 3 } },
    ]),
  );
  await lab.writeFile('/etc/autoscaler/config.json', JSON.stringify({ projects }));
  await lab.until(async () => (await measure('threads', 'busy')) === 0, {
    what: 'the workers to be there',
  });
});
after(() => lab.stop());

/** Where a service's app notes its requests. */
function notesOf(name: string): string {
  return `/run/noted-${name}`;
}

async function measure(name: Name, metric: 'busy' | 'backlog'): Promise<number> {
  const { stdout, stderr, exitCode } = await lab.autoscaler(['metrics', metric, name]);
  assert.equal(exitCode, 0, stderr);
  return Number(stdout);
}

/** Puts a load on a service for as long as `during` takes. */
async function underLoad<T>(
  name: Name,
  { clients, ms, pauseMs }: Load,
  during: () => Promise<T>,
): Promise<T> {
  const { bind } = UNITS[name];
  const [url, ...socket] = bind.startsWith('unix:')
    ? ['http://app/sleep', bind.slice('unix:'.length)]
    : [`http://${bind}/sleep`];
  const load = lab.spawn(
    [
      process.execPath,
      '--import',
      join(CHECKOUT, 'node_modules/tsx/dist/loader.mjs'),
      join(CHECKOUT, 'test/lab/busy-load.ts'),
    ].concat([url, `${clients}`, `${ms}`, `${pauseMs}`, '60'], socket),
  );
  const ended = load.done;
  try {
    // it is compiled first
    await lab.until(async () => (await measure(name, 'busy')) > 0, { what: 'the load to begin' });
    return await during();
  } finally {
    load.kill('SIGTERM');
    await ended;
  }
}

test('workers without a request are not busy', async () => {
  assert.equal(await measure('waits', 'busy'), 0);
});

test('of idle workers no table of sockets is read, and nothing waits for them', async () => {
  const script = `
    import { measureBusyness } from './src/kinds/gunicorn/busy.ts';
    import { findWorkerTree } from './src/kinds/worker-tree.ts';
    import { readUnits } from './src/targets/systemd/units.ts';
    const unit = (await readUnits(['waits.service'])).get('waits.service');
    const { masterPid, workerPids } = await findWorkerTree(unit);
    const request = { service: 'waits', masterPid, workerPids, concurrency: null };
    const read = () => { throw new Error('a table was read'); };
    const { busyness, idle } = await measureBusyness([request], read);
    print({ busyness: [...busyness], idle: [...idle] });`;
  assert.deepEqual(await runScript(lab, script), { busyness: [['waits', 0]], idle: ['waits'] });
});

test('what waits for workers that are stopped is counted', async () => {
  const workers = `$(cat /proc/$(systemctl show -P MainPID waits.service)/task/*/children)`;
  await lab.ok(`kill -STOP ${workers}`);
  const clients = lab.spawn([
    ...['/usr/bin/python3', '-c'],
    `import socket, time
held = [socket.create_connection(('127.0.0.1', 8001)) for _ in range(3)]
time.sleep(60)`,
  ]);
  try {
    await lab.until(async () => (await measure('waits', 'backlog')) === 3, { what: 'the clients' });
    const { stdout } = await lab.autoscaler(['metrics', 'all', '--json']);
    const { services } = JSON.parse(stdout) as { services: Record<string, { backlog: number }> };
    assert.equal(services['waits.service']?.backlog, 3);
  } finally {
    clients.kill('SIGTERM');
    await clients.done;
    await lab.ok(`kill -CONT ${workers}`);
  }
});

/**
 * Measures the busyness of a service under a load and holds it against what its app noted: the program looks for one
 * second of the time that it takes, so what it finds lies among the shares of all seconds of it, whatever else the
 * machine does. A worker with threads takes connections while its threads are busy, so another may have none.
 */
async function assertTrue(name: 'waits' | 'threads', load: Load): Promise<void> {
  const { found, beginS, endS } = await underLoad(name, load, async () => {
    const begin = bootClockS();
    const percent = await measure(name, 'busy');
    return { found: percent, beginS: begin, endS: bootClockS() };
  });
  const noted = await readNoted(lab, notesOf(name));
  const seconds = Math.max(1, Math.floor((endS - beginS - 1) * 20));
  const shares = Array.from({ length: seconds + 1 }, (_, i) => {
    const fromS = beginS + (i * (endS - beginS - 1)) / seconds;
    return (100 * meanUnderWay(noted, fromS, fromS + 1)) / SLOTS;
  });
  const [lowest, highest] = [Math.min(...shares), Math.max(...shares)];
  const told = `${found} %, but the app was busy for ${lowest.toFixed(1)} to ${highest.toFixed(1)} %`;
  assert.ok(found >= lowest - TOLERANCE && found <= highest + TOLERANCE, told);
}

for (const name of ['waits', 'threads'] as const) {
  test(`${name}: half of the time in a request`, async () => {
    await assertTrue(name, { clients: 4, ms: 100, pauseMs: 100 });
  });

  test(`${name}: all of the time in a request`, async () => {
    await assertTrue(name, { clients: 12, ms: 300, pauseMs: 0 });
  });
}

test('what waits behind a worker is counted, on a Unix socket too', async () => {
  const load = { clients: 6, ms: 1500, pauseMs: 0 };
  const found = await underLoad('one', load, () =>
    lab.until(async () => (await measure('one', 'backlog')) === 5, { what: 'five to wait' }),
  );
  assert.equal(found, true);
});

test('workers that serve any number at once have no share: unknown, with the reason', async () => {
  const { stdout, stderr, exitCode } = await lab.autoscaler(['metrics', 'busy', 'uvicorn']);
  assert.equal(exitCode, 1);
  assert.equal(stdout, '');
  assert.match(stderr, /uvicorn\.workers\.UvicornWorker\) take any number of requests at once/);
  assert.equal(await measure('uvicorn', 'backlog'), 0);
});

test('a run raises what is busy, and says why', async () => {
  const load = { clients: 12, ms: 300, pauseMs: 0 };
  const { services } = await underLoad('waits', load, async () => {
    const { stdout } = await lab.autoscaler(['run', '--dry-run', '--json']);
    return JSON.parse(stdout) as {
      services: { project: string; action: string; to: number; reason: string }[];
    };
  });
  const waits = services.find(({ project }) => project === 'waits');
  assert.equal(waits?.action, 'scale_up');
  assert.equal(waits.to, 6);
  assert.match(waits.reason, /^busy \S+ % > 80 % → 6 workers$/);
});
