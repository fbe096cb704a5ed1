/**
 * How far from the truth `busy_percent` is: Gunicorn in a lab under loads of 10, 50, 90 and 100 %, against what the
 * app itself notes of each request, over the same second and over the whole load.
 *
 *   npm run bench:busy [-- --samples 20 --only gthread]
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { renderTable } from '../../src/output/table.ts';
import { CHECKOUT, startLab, type Lab } from '../lab/lab.ts';
import { gunicornUnit, installUnit } from '../lab/services.ts';
import { bootClockS, meanUnderWay, readNoted } from '../lab/timed.ts';

const { values } = parseArgs({
  options: { samples: { type: 'string', default: '20' }, only: { type: 'string' } },
});
const SAMPLES = Number(values.samples);
const SLOTS = 4;
/** Seconds from the last look to the end of the program. */
const EXIT_S = 0.03;
const LOADER = join(CHECKOUT, 'node_modules/tsx/dist/loader.mjs');

const UNITS = {
  sync: { count: '--workers 4', args: '' },
  gthread: { count: '--workers 2', args: '--threads 2' },
  uvicorn: { count: '--workers 4', args: '-k uvicorn.workers.UvicornWorker', app: 'timed:asgi' },
};
/** Percent → clients and the share of their time that they pause, for requests of 50 and 500 ms. */
const LOADS = [10, 50, 90, 100];
const REQUEST_MS = [50, 500];

const lab = await startLab({ name: 'busy' });
try {
  const rows: string[][] = [];
  for (const [name, options] of Object.entries(UNITS)) {
    if (values.only !== undefined && values.only !== name) continue;
    const unit = gunicornUnit({ app: 'timed:app', env: { TIMED_DIR: '/run/timed' }, ...options });
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
  const head = ['WORKERS', 'REQUEST', 'LOAD', 'TRUTH', 'MEAN', 'SD OF A SAMPLE', 'LOWEST'];
  console.log(
    `\n${renderTable([...head, 'HIGHEST', 'ERROR IN ITS SECOND', 'ROOT MEAN SQUARE'], rows)}`,
  );
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
  await host.until(async () => (await readNoted(host, '/run/timed')).length > 0, {
    what: 'the load to begin',
  });
  await sleep(1000);
  const begin = bootClockS();
  const found: number[] = [];
  const ends: number[] = [];
  for (let i = 0; i < SAMPLES; i++) {
    const { stdout, stderr } = await host.autoscaler(['metrics', 'busy', 'app']);
    // what has no such share is measured only by itself
    if (stdout === '' && !stderr.includes('any number of requests')) throw new Error(stderr);
    ends.push(bootClockS() - EXIT_S);
    if (stdout !== '') found.push(Number(stdout));
    else await sleep(1000);
  }
  const end = bootClockS();
  load.kill('SIGTERM');
  await load.done;
  const noted = await host.until(
    async () => {
      const all = await readNoted(host, '/run/timed');
      // what was under way when the load ended has ended too
      return all.reduce((sum, [change]) => sum + change, 0) === 0 ? all : null;
    },
    { what: 'the last requests to end' },
  );
  const percentOf = (a: number, b: number): number => (100 * meanUnderWay(noted, a, b)) / SLOTS;
  const truth = percentOf(begin, end);
  const errors = found.map((each, i) => each - percentOf(ends[i]! - 1, ends[i]!));
  const text = (n: number): string => n.toFixed(1);
  if (found.length === 0) return [`${percent} %`, text(truth), ...Array<string>(6).fill('null')];
  const mean = average(found);
  const sd = Math.sqrt(average(found.map((each) => (each - mean) ** 2)));
  const ofItsSecond = [average(errors), Math.sqrt(average(errors.map((each) => each ** 2)))];
  const numbers = [truth, mean, sd, Math.min(...found), Math.max(...found), ...ofItsSecond];
  return [`${percent} %`, ...numbers.map(text)];
}

function average(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
}
