/**
 * How far from the truth `busy_percent` is: Gunicorn in a lab under loads of 10, 50, 90 and 100 %, against what the
 * app itself notes of each request, over the same second and over the whole load.
 *
 *   npm run bench:busy [-- --samples 20]
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { renderTable } from '../../src/output/table.ts';
import { CHECKOUT, startLab, type Lab } from '../lab/lab.ts';
import { gunicornUnit, installUnit } from '../lab/services.ts';

const { values } = parseArgs({ options: { samples: { type: 'string', default: '20' } } });
const SAMPLES = Number(values.samples);
const SLOTS = 4;
const LOADER = join(CHECKOUT, 'node_modules/tsx/dist/loader.mjs');

const UNITS = {
  sync: { count: '--workers 4', args: '' },
  gthread: { count: '--workers 2', args: '--threads 2' },
};
/** Percent → clients and the share of their time that they pause, for requests of 50 and 500 ms. */
const LOADS = [10, 50, 90, 100];
const REQUEST_MS = [50, 500];

type Span = [begin: number, end: number];

const lab = await startLab({ name: 'busy' });
try {
  const rows: string[][] = [];
  for (const [name, { count, args }] of Object.entries(UNITS)) {
    const unit = gunicornUnit({
      execStart: `/usr/bin/gunicorn ${count} ${args} --bind 127.0.0.1:8000 timed:app`,
      env: { TIMED_DIR: '/run/timed' },
    });
    await lab.ok('mkdir -p /run/timed');
    await installUnit(lab, 'app.service', unit);
    await lab.writeFile(
      '/etc/autoscaler/config.json',
      JSON.stringify({
        projects: { app: { max_workers: 9, busy_thresholds: { scale_up_9: 80 } } },
      }),
    );
    for (const ms of REQUEST_MS)
      for (const percent of LOADS) {
        const row = await measure(lab, percent, ms);
        console.log([name, `${ms} ms`, ...row].join('  '));
        rows.push([name, `${ms} ms`, ...row]);
      }
    await lab.ok('systemctl stop app.service');
  }
  const head = ['WORKERS', 'REQUEST', 'LOAD', 'TRUTH', 'MEAN', 'BIAS', 'SD OF A SAMPLE', 'LOWEST'];
  console.log(`\n${renderTable([...head, 'HIGHEST'], rows)}`);
} finally {
  await lab.stop();
}

/** One load: what the app noted of all of it, and what samples of it said. */
async function measure(host: Lab, percent: number, ms: number): Promise<string[]> {
  await host.ok('find /run/timed -type f -exec truncate -s 0 {} +');
  const isFull = percent === 100;
  const pauseMs = isFull ? 0 : (ms * (100 - percent)) / percent;
  const argv = [process.execPath, '--import', LOADER, join(CHECKOUT, 'test/lab/busy-load.ts')];
  const size = [isFull ? SLOTS * 4 : SLOTS, ms, pauseMs, 600].map(String);
  const load = host.spawn([...argv, 'http://127.0.0.1:8000/sleep', ...size], {
    timeoutMs: 600_000,
  });
  await sleep(4000);
  const begin = await now(host);
  const found: number[] = [];
  for (let i = 0; i < SAMPLES; i++) {
    const { stdout, stderr } = await host.autoscaler(['metrics', 'busy', 'app']);
    if (stdout === '') throw new Error(stderr);
    found.push(Number(stdout));
  }
  const end = await now(host);
  load.kill('SIGTERM');
  await load.done;
  await sleep(1500);
  const truth = (100 * busySeconds(await readSpans(host), [begin, end])) / ((end - begin) * SLOTS);
  const mean = average(found);
  const sd = Math.sqrt(average(found.map((each) => (each - mean) ** 2)));
  const text = (n: number): string => n.toFixed(1);
  const numbers = [truth, mean, mean - truth, sd, Math.min(...found), Math.max(...found)];
  return [`${percent} %`, ...numbers.map(text)];
}

async function now(host: Lab): Promise<number> {
  const { stdout } = await host.exec([
    '/usr/bin/python3',
    '-c',
    'import time; print(time.monotonic())',
  ]);
  return Number(stdout);
}

async function readSpans(host: Lab): Promise<Span[]> {
  const text = await host.ok('cat /run/timed/*');
  return text
    .trim()
    .split('\n')
    .map((line) => line.split(' ').map(Number) as Span);
}

function busySeconds(spans: readonly Span[], [begin, end]: Span): number {
  return spans.reduce((sum, [a, b]) => sum + Math.max(0, Math.min(b, end) - Math.max(a, begin)), 0);
}

function average(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
}
