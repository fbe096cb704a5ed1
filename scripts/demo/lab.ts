import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { type HttpLoad, type LoadResult, httpLoad } from '../../test/lab/http-load.ts';
import type { Lab } from '../../test/lab/lab.ts';
import type { Running } from '../../test/lab/running.ts';
import {
  celeryUnit,
  enqueue,
  gunicornUnit,
  installUnit,
  redisUnit,
} from '../../test/lab/services.ts';
import { showRuns } from './runs.ts';
import { say, title } from './say.ts';
import { type Facts, readMainPid, showSummary } from './summary.ts';
import { installTimer } from './timer.ts';

const TASKS = 200;
const UNITS = { 'web.service': gunicornUnit(), 'jobs.service': celeryUnit() };

/** The demo: services, timer, quiet, load, quiet, summary; about a minute. */
export async function showLab(lab: Lab): Promise<void> {
  title('A host with a systemd of its own, Gunicorn (2 workers), Celery (2 workers) and Redis');
  await installUnit(lab, 'lab-redis.service', redisUnit());
  const units: Facts['units'] = {};
  for (const [name, text] of Object.entries(UNITS)) {
    await installUnit(lab, name, text);
    units[name] = { text, mainPid: await readMainPid(lab, name) };
  }
  title('The timer runs `autoscaler run` every 3 seconds; what holds for 6 seconds counts');
  await installTimer(lab);
  const runs = showRuns(lab);
  await sleep(6_000);

  const fillers = fillCores(lab);
  title(
    `Load: HTTP requests that compute, ${TASKS} tasks of half a second` +
      (fillers.length > 0 ? `, ${fillers.length} other cores of this machine kept busy` : ''),
  );
  await enqueue(lab, TASKS, 'tasks.trace', (i) => [i, 0.5]);
  const load = httpLoad(lab, { url: 'http://127.0.0.1:8000/cpu?ms=40', seconds: 60 });
  await isWithin(25_000, runs.sawBoth('scale_up'));
  await sleep(3_000);
  const http = await endLoad(load, fillers);

  title('Quiet: no requests, the queue runs empty');
  if (!(await isWithin(30_000, runs.sawBoth('scale_down')))) {
    say('Not both came down in time: something else keeps the CPU of this machine busy.');
  }
  await lab.ok('systemctl stop autoscaler.timer');
  // a run that is under way ends by itself, and is shown
  await lab.until(
    async () => (await lab.ok('systemctl show -P ActiveState autoscaler.service')) === 'inactive\n',
    { what: 'the last run to end', timeoutMs: 60_000, everyMs: 300 },
  );
  runs.stop();
  await showSummary(lab, { http, tasks: TASKS, units, runs: runs.count() });
  await lab.stop();
  say('The host is gone; nothing is left of it.');
}

/** Keeps the cores busy that two Gunicorn workers cannot: CPU is measured over the whole machine. */
function fillCores(lab: Lab): Running[] {
  const argv = ['nice', '-n', '19', 'sh', '-c', 'while :; do :; done'];
  return Array.from({ length: Math.max(0, availableParallelism() - 2) }, () => lab.spawn(argv));
}

async function isWithin(ms: number, wait: Promise<void>): Promise<boolean> {
  // must not hold up the end of the demo
  const late = sleep(ms, false, { ref: false });
  return Promise.race([wait.then(() => true), late]);
}

async function endLoad(load: HttpLoad, fillers: Running[]): Promise<LoadResult> {
  for (const filler of fillers) filler.kill('SIGKILL');
  load.stop();
  return load.done;
}
