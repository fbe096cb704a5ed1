/**
 * What a change of the number of workers costs those who use the service, mode by mode, under steady
 * load in a lab: Gunicorn on TCP, Gunicorn on a unix socket behind nginx, Celery with tasks waiting.
 *
 *   npm run bench:loss [-- --short] [-- --modes sed,restart,live]
 *
 * Ends with 1 where a mode of ours broke its promise: `restart` loses and doubles no task, `live` no
 * request either, and while it changes a service the slowest hundredth of the requests takes at most half as
 * long again as in quiet. Each change of all services is followed by a quiet time in the same run, so that
 * what else the machine does hits both.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { renderTable } from '../../src/output/table.ts';
import { startLab, type Lab } from '../lab/lab.ts';
import {
  FEW,
  MANY,
  SERVICES,
  URLS,
  change,
  installServices,
  writeConfigs,
  type Mode,
} from './loss/host.ts';
import { startRequests, type HttpResult, type Span } from './loss/http-road.ts';
import { startTasks, type TaskResult } from './loss/task-road.ts';

const RATE = 40;
const { values } = parseArgs({
  options: { short: { type: 'boolean' }, modes: { type: 'string', default: 'sed,restart,live' } },
});
const modes = values.modes.split(',') as Mode[];
const pace = values.short === true ? { changes: 4 } : { changes: 20 };
/** after each change, and before the first */
const QUIET_MS = 4_000;
const P99_BAR = 1.5;

interface ModeResult {
  mode: Mode;
  http: Map<string, HttpResult>;
  tasks: TaskResult;
  /** seconds of each change, by service */
  seconds: Map<string, number[]>;
}

const lab = await startLab({ name: 'bench' });
try {
  await installServices(lab);
  const results: ModeResult[] = [];
  for (const mode of modes) {
    console.log(`${mode}: ${pace.changes} changes of each service, ${FEW} ⇄ ${MANY} workers …`);
    results.push(await measure(lab, mode));
  }
  console.log(`\n${render(results)}`);
  const verdicts = results.flatMap(judge);
  for (const { what, held } of verdicts) console.log(`${held ? 'held' : 'NOT HELD'}: ${what}`);
  process.exitCode = verdicts.every(({ held }) => held) ? 0 : 1;
} finally {
  await lab.stop();
}

async function measure(host: Lab, mode: Mode): Promise<ModeResult> {
  await writeConfigs(host, mode);
  const roads = Object.entries(URLS).map(
    ([service, url]) => [service, startRequests(host, url, RATE)] as const,
  );
  const tasks = await startTasks(host);
  const spans = new Map<string, Span[]>(SERVICES.map((service) => [service, []]));
  const busy: Span[] = [];
  await sleep(QUIET_MS);
  for (let index = 0; index < pace.changes; index++) {
    const begin = Date.now();
    await Promise.all(
      SERVICES.map(async (service, place) => {
        // not all in the same moment: each is to be seen by itself
        await sleep(place * 700);
        const from = Date.now();
        const took = await change(host, service, index % 2 === 0 ? MANY : FEW, mode);
        spans.get(service)?.push([from, from + took]);
      }),
    );
    // what a restarted service has put off is none of the quiet
    await sleep(1_000);
    busy.push([begin, Date.now()]);
    await sleep(QUIET_MS);
  }
  const http = new Map<string, HttpResult>();
  for (const [service, { stop }] of roads) {
    http.set(service, await stop({ changes: spans.get(service) ?? [], busy }));
  }
  const seconds = new Map(
    [...spans].map(([service, list]) => [service, list.map(([from, to]) => (to - from) / 1000)]),
  );
  return { mode, http, tasks: await tasks.stop(), seconds };
}

function render(results: readonly ModeResult[]): string {
  const header = [
    'SERVICE',
    'MODE',
    'FAILED',
    'P99 QUIET',
    'P99 CHANGE',
    'LOST',
    'DOUBLED',
    'S/CHANGE',
  ];
  const rows = SERVICES.flatMap((service) =>
    results.map(({ mode, http, tasks, seconds }) => {
      const seen = http.get(service);
      const requests =
        seen === undefined
          ? ['–', '–', '–']
          : [describeFailed(seen), ms(seen.quietP99Ms), ms(seen.changeP99Ms)];
      const done =
        seen === undefined
          ? [`${tasks.lost} of ${tasks.tasks}`, String(tasks.doubled)]
          : ['–', '–'];
      return [service, mode, ...requests, ...done, median(seconds.get(service) ?? []).toFixed(1)];
    }),
  );
  return renderTable(header, rows);
}

interface Verdict {
  what: string;
  held: boolean;
}

/** What each mode of ours promises, and whether it was held. */
function judge({ mode, http, tasks }: ModeResult): Verdict[] {
  if (mode === 'sed') return [];
  const { lost, doubled } = tasks;
  const promises = [
    {
      what: `${mode}: ${lost} of ${tasks.tasks} tasks lost, ${doubled} doubled (bar: 0)`,
      held: lost + doubled === 0,
    },
  ];
  if (mode !== 'live') return promises;
  for (const [service, { failed, requests, quietP99Ms, changeP99Ms }] of http) {
    const times = changeP99Ms / quietP99Ms;
    promises.push(
      {
        what: `live: ${failed} of ${requests} requests to ${service} failed (bar: 0)`,
        held: failed === 0,
      },
      {
        what: `live: p99 of ${service} during a change ${times.toFixed(2)} times the quiet one (bar: ${P99_BAR})`,
        held: times <= P99_BAR,
      },
    );
  }
  return promises;
}

function describeFailed({ failed, requests }: HttpResult): string {
  return `${failed} of ${requests} (${(failed / pace.changes).toFixed(0)} a change)`;
}

function ms(value: number): string {
  return `${value.toFixed(0)} ms`;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
