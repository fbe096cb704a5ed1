/**
 * What a change of the number of workers costs those who use the service, mode by mode, under steady
 * load in a lab: Gunicorn on TCP, Gunicorn on a unix socket behind nginx, Celery with tasks waiting.
 *
 *   npm run bench:loss [-- --short] [-- --modes sed,restart,live]
 *
 * Ends with 1 where a mode of ours broke its promise: `restart` loses and doubles no task, `live` no
 * request either.
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
const pace =
  values.short === true ? { changes: 4, quietMs: 5_000 } : { changes: 20, quietMs: 8_000 };

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
  const broken = results.flatMap(findBroken);
  for (const promise of broken) console.log(`NOT HELD: ${promise}`);
  process.exitCode = broken.length > 0 ? 1 : 0;
} finally {
  await lab.stop();
}

async function measure(host: Lab, mode: Mode): Promise<ModeResult> {
  await writeConfigs(host, mode);
  const roads = Object.entries(URLS).map(
    ([service, url]) => [service, startRequests(host, url, RATE)] as const,
  );
  const tasks = await startTasks(host);
  await sleep(pace.quietMs);
  const spans = new Map<string, Span[]>();
  await Promise.all(
    SERVICES.map(async (service, index) => {
      // not all in the same moment: each is to be seen by itself
      await sleep(index * 700);
      spans.set(service, await changeAgainAndAgain(host, service, mode));
    }),
  );
  const http = new Map<string, HttpResult>();
  for (const [service, { stop }] of roads) http.set(service, await stop(spans.get(service) ?? []));
  const seconds = new Map(
    [...spans].map(([service, list]) => [service, list.map(([from, to]) => (to - from) / 1000)]),
  );
  return { mode, http, tasks: await tasks.stop(), seconds };
}

async function changeAgainAndAgain(host: Lab, service: string, mode: Mode): Promise<Span[]> {
  const spans: Span[] = [];
  for (let index = 0; index < pace.changes; index++) {
    const from = Date.now();
    const ms = await change(host, service, index % 2 === 0 ? MANY : FEW, mode);
    spans.push([from, from + ms]);
    await sleep(500);
  }
  return spans;
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

function findBroken({ mode, http, tasks }: ModeResult): string[] {
  if (mode === 'sed') return [];
  const broken: string[] = [];
  if (tasks.lost + tasks.doubled > 0) {
    broken.push(`${mode}: ${tasks.lost} tasks lost, ${tasks.doubled} doubled of ${tasks.tasks}`);
  }
  for (const [service, { failed, requests }] of http) {
    if (mode === 'live' && failed > 0) {
      broken.push(`live: ${failed} of ${requests} requests to ${service} failed`);
    }
  }
  return broken;
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
