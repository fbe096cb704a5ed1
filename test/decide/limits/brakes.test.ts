import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { BrakeMemory, BrakePolicy } from '../../../src/model/brake-types.ts';
import { retryDelayMs } from '../../../src/decide/limits/brakes.ts';
import { decide } from '../../../src/decide/decide.ts';
import { explainDecision } from '../../../src/decide/explain.ts';
import { simulate, startSimulation } from '../../../src/decide/simulate.ts';
import type { Decision, HistoryEntry, Sample, ServiceSample } from '../../../src/model/types.ts';
import {
  brakes,
  history,
  mapSamples,
  metricPolicy,
  policy,
  SERVICE,
  type Series,
} from '../series.ts';

const INTERVAL_MS = 120_000;
const MINUTE_MS = 60_000;
/** up after 4 minutes, down after 6 */
const CPU = metricPolicy('cpu', '3>60 5>80 8>95 2<40 1<20', [4, 6]);

const withMemory = (entries: HistoryEntry[], memory: BrakeMemory): HistoryEntry[] =>
  mapSamples(entries, (sample) => ({ ...sample, brakes: { [SERVICE]: memory } }));

/** The last decision of a series, under brakes that remember `memory`. */
function decideBraked(
  series: Series,
  fields: Partial<BrakePolicy>,
  memory: BrakeMemory,
  limits: { minWorkers?: number; maxWorkers?: number } = {},
): Decision {
  const of = policy([CPU], { brakes: brakes(fields), ...limits });
  const entries = withMemory(history(series), memory);
  return decide({ policies: [of], history: entries, checkIntervalMs: INTERVAL_MS })[0]!;
}

/** The workers after each sample, each decision made. */
function follow(series: Series, fields: Partial<BrakePolicy>): string {
  const of = policy([CPU], { brakes: brakes(fields) });
  const runs = simulate([of], INTERVAL_MS, history(series));
  return runs.map(({ decisions }) => decisions[0]?.to ?? '?').join(' ');
}

interface Case {
  name: string;
  series: Series;
  brakes?: Partial<BrakePolicy>;
  memory?: BrakeMemory;
  min?: number;
  max?: number;
  to: number;
  hold?: Decision['hold'];
  says?: string;
}

function check(table: Case[]): void {
  for (const row of table) {
    test(row.name, () => {
      const limits = { minWorkers: row.min ?? 1, maxWorkers: row.max ?? 10 };
      const decision = decideBraked(row.series, row.brakes ?? {}, row.memory ?? {}, limits);
      const said = explainDecision(decision);
      assert.equal(decision.to, row.to, said);
      assert.equal(decision.hold, row.hold ?? null, said);
      if (row.says !== undefined) assert.equal(said, row.says);
    });
  }
}

describe('a cooldown', () => {
  const cooldown = { cooldownMs: { up: 10 * MINUTE_MS, down: 30 * MINUTE_MS } };
  check([
    {
      name: 'no change before: none',
      series: { cpu: '90x2' },
      brakes: cooldown,
      to: 5,
    },
    {
      name: 'up waits after a change',
      series: { cpu: '90x2' },
      brakes: cooldown,
      memory: { changed_s: 480 },
      to: 2,
      hold: 'cooldown',
      says: 'cpu 90 % > 80 % for 4 m 0 s (needs 4 m); hold: cooldown of 10 m for scale_up, 2 m more → stays at 2',
    },
    {
      name: 'one that is exactly over is over',
      series: { cpu: '90x2' },
      brakes: cooldown,
      memory: { changed_s: 600 },
      to: 5,
    },
    {
      name: 'a timer that comes 10 s early finds it over, one of 11 s does not',
      series: { cpu: '90x2' },
      brakes: cooldown,
      memory: { changed_s: 590 },
      to: 5,
    },
    {
      name: 'eleven seconds early it is not',
      series: { cpu: '90x2' },
      brakes: cooldown,
      memory: { changed_s: 589 },
      to: 2,
      hold: 'cooldown',
    },
    {
      name: 'the one for lowering never blocks raising',
      series: { cpu: '90x2' },
      brakes: { cooldownMs: { up: 0, down: 30 * MINUTE_MS } },
      memory: { changed_s: 1 },
      to: 5,
    },
    {
      name: 'nor the one for raising lowering',
      series: { cpu: '10x3' },
      brakes: { cooldownMs: { up: 30 * MINUTE_MS, down: 0 } },
      memory: { changed_s: 1 },
      to: 1,
    },
    {
      name: 'min_workers is kept at once',
      series: { cpu: '90x2' },
      brakes: cooldown,
      memory: { changed_s: 1 },
      min: 3,
      to: 3,
    },
    {
      name: 'max_workers too, and no further',
      series: { cpu: '10x9', workers: 9 },
      brakes: cooldown,
      memory: { changed_s: 1 },
      max: 5,
      to: 5,
    },
    {
      name: 'while nothing is wanted nothing is said of it',
      series: { cpu: '50x2' },
      brakes: cooldown,
      memory: { changed_s: 1 },
      to: 2,
      says: 'cpu 50 % (up at > 60 %, down at < 20 %) → stays at 2',
    },
    {
      name: 'what is not reached yet is held by its duration',
      series: { cpu: '50 90' },
      brakes: cooldown,
      memory: { changed_s: 1 },
      to: 2,
      hold: 'duration',
    },
  ]);

  test('stops acting, never watching: what has held meanwhile acts when it is over', () => {
    // changed at 4 m; 70 % has held for long when the 10 m are over
    assert.equal(
      follow({ cpu: '70x2 90x6' }, { cooldownMs: { up: 10 * MINUTE_MS, down: 0 } }),
      '2 3 3 3 3 3 5 5',
    );
  });

  test('a change that failed or was not needed starts none', () => {
    for (const made of [
      { to: 3, from: 3 },
      { to: 3, result: 'undone' as const },
    ]) {
      const series = { cpu: '50 50x6 90x2', actions: [{ after: 0, ...made }] };
      assert.match(
        follow(series, { cooldownMs: { up: 60 * MINUTE_MS, down: 60 * MINUTE_MS } }),
        / 5$/,
      );
    }
  });
});

describe('max_step', () => {
  const step = { maxStep: { up: 2, down: 1 } };
  check([
    {
      name: 'cuts a raise, and says so',
      series: { cpu: '99x2' },
      brakes: step,
      to: 4,
      says: 'cpu 99 % > 95 % for 4 m 0 s (needs 4 m); 4 instead of the 8 wanted (max_step 2) → 4 workers',
    },
    { name: 'cuts a lowering', series: { cpu: '5x3', workers: 6 }, brakes: step, to: 5 },
    { name: 'leaves a smaller change', series: { cpu: '70x2' }, brakes: step, to: 3 },
    {
      name: 'min_workers is kept at once, however far',
      series: { cpu: '50', workers: 1 },
      brakes: step,
      min: 6,
      to: 6,
    },
    {
      name: 'above it one step counts from where we are',
      series: { cpu: '99x2', workers: 2 },
      brakes: step,
      min: 3,
      to: 4,
    },
    {
      name: 'max_workers is kept at once',
      series: { cpu: '50', workers: 9 },
      brakes: step,
      max: 5,
      to: 5,
    },
  ]);

  test('what is left of a change needs new evidence', () => {
    assert.equal(follow({ cpu: '99x7' }, { maxStep: { up: 2, down: null } }), '2 4 4 6 6 8 8');
  });
});

describe('a failed change', () => {
  check([
    {
      name: 'is not tried again for 10 minutes',
      series: { cpu: '90x9' },
      memory: { failures: 1, failed_s: 120 },
      to: 2,
      hold: 'failed_change',
      says: 'cpu 90 % > 80 % for 4 m 0 s (needs 4 m); hold: failed change, next try in 8 m → stays at 2',
    },
    {
      name: 'then it is',
      series: { cpu: '90x9' },
      memory: { failures: 1, failed_s: 600 },
      to: 5,
    },
    {
      name: 'after the second one for 20 minutes',
      series: { cpu: '90x9' },
      memory: { failures: 2, failed_s: 600 },
      to: 2,
      hold: 'failed_change',
      says: 'cpu 90 % > 80 % for 4 m 0 s (needs 4 m); hold: failed change, next try in 10 m (2 in a row) → stays at 2',
    },
    {
      name: 'not even to keep min_workers',
      series: { cpu: '50' },
      memory: { failures: 1, failed_s: 0 },
      min: 4,
      to: 2,
      hold: 'failed_change',
    },
    {
      name: 'while nothing is wanted nothing is held, and it is told all the same',
      series: { cpu: '50x9' },
      memory: { failures: 1, failed_s: 0 },
      to: 2,
      says: 'cpu 50 % (up at > 60 %, down at < 20 %); hold: failed change, next try in 10 m → stays at 2',
    },
  ]);

  test('the delay doubles, up to a day', () => {
    const delays = [1, 2, 3, 8, 9, 2000].map((failures) => retryDelayMs(failures) / MINUTE_MS);
    assert.deepEqual(delays, [10, 20, 40, 1280, 1440, 1440]);
  });
});

describe('adaptive_scale_down', () => {
  check([
    {
      name: 'a lowering waits longer, and says so',
      series: { cpu: '10x5' },
      brakes: { adaptiveScaleDown: true },
      memory: { slowdown: 2, taken_back_s: 600 },
      to: 2,
      hold: 'duration',
      says: 'cpu 10 % < 20 % for 10 m 0 s, 2 m more; cpu starts counting again: the first sample; lowering waits 2 times as long, because one had to be reversed → stays at 2',
    },
    {
      name: 'then it is done',
      series: { cpu: '10x6' },
      brakes: { adaptiveScaleDown: true },
      memory: { slowdown: 2, taken_back_s: 600 },
      to: 1,
    },
    {
      name: 'raising does not wait longer',
      series: { cpu: '90x2' },
      brakes: { adaptiveScaleDown: true },
      memory: { slowdown: 8, taken_back_s: 600 },
      to: 5,
    },
    {
      name: 'off: what is remembered does not count',
      series: { cpu: '10x3' },
      memory: { slowdown: 8, taken_back_s: 600 },
      to: 1,
    },
  ]);

  test('each lowering that is taken back makes the next one wait twice as long, up to 8 times', () => {
    const of = policy([metricPolicy('cpu', '5>80 1<20', [4, 6])], {
      brakes: brakes({ adaptiveScaleDown: true }),
    });
    const simulation = startSimulation([of], INTERVAL_MS);
    const entries = history({ cpu: '50x1000', workers: 5 }) as Sample[];
    let index = 0;
    const push = (cpu: number): number => {
      const entry = entries[index++]!;
      const run = simulation.push({ ...entry, host: { ...entry.host, cpu_percent: cpu } });
      return run!.decisions[0]!.to!;
    };
    /** So many quiet samples until it is lowered, then load until it is raised. */
    const countQuiet = (): number => {
      let quiet = 1;
      while (push(10) > 1) quiet += 1;
      while (push(90) < 5);
      return quiet;
    };
    push(50);
    assert.deepEqual(
      Array.from({ length: 5 }, countQuiet),
      [3, 6, 12, 24, 24],
      'samples of 2 minutes, 6 minutes at first',
    );
    for (let minute = 0; minute < 24 * 60; minute += 2) push(50);
    assert.equal(countQuiet(), 3, 'a quiet day resets it');
  });
});

describe('warmup', () => {
  const warm = { warmupMs: 5 * MINUTE_MS };
  /** slots are at 1000 s, 1120 s, …; the last one of four at 1360 s */
  const started = (main_start_s: number): Partial<ServiceSample> => ({ main_start_s });
  check([
    {
      name: 'what is measured so soon after the start is no evidence',
      series: { cpu: '90x4', service: started(900) },
      brakes: warm,
      to: 2,
      hold: 'duration',
      says: 'cpu 90 % > 80 % for 2 m 0 s, 2 m more; cpu starts counting again: the service is warming up → stays at 2',
    },
    {
      name: 'what is measured later is',
      series: { cpu: '90x4', service: started(820) },
      brakes: warm,
      to: 5,
    },
    {
      name: 'an average that reaches back into it is none',
      series: { cpu: '90x4', service: started(851) },
      brakes: warm,
      to: 2,
      hold: 'duration',
    },
    {
      name: 'a start that is not known warms nothing up',
      series: { cpu: '90x4' },
      brakes: warm,
      to: 5,
    },
    {
      name: 'off: the start does not matter',
      series: { cpu: '90x4', service: started(1359) },
      to: 5,
    },
  ]);
});
