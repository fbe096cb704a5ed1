import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { decide } from '../../../src/decide/decide.ts';
import { ALL_METRICS, metricOf } from '../../../src/metrics/registry.ts';
import type { Decision, HistoryEntry, Policy } from '../../../src/model/types.ts';
import { assertDecision } from '../assert-decision.ts';
import {
  brakes,
  history,
  mapSamples,
  metricPolicy,
  parseSeries,
  policy,
  SERVICE,
} from '../series.ts';

type Shared = 'service_cpu' | 'load' | 'drain_time';

/** A history in which a metric has the values of a series. */
function historyOf(metric: Shared, series: string, workers: number): HistoryEntry[] {
  const values = parseSeries(series).map(Number);
  let i = 0;
  return mapSamples(history({ cpu: series, queue: series, workers }), (sample) => {
    const value = values[i++]!;
    const fields = {
      service_cpu: { cpu_cores: (value / 100) * workers },
      load: { queue_length: 0, running_tasks: (value / 100) * workers },
      drain_time: { drain_time_s: value },
    };
    return {
      ...sample,
      services: { [SERVICE]: { ...sample.services[SERVICE]!, ...fields[metric] } },
    };
  });
}

interface Case {
  name: string;
  metric?: Shared;
  values: string;
  on: string;
  workers?: number;
  fields?: Partial<Policy>;
  to: number;
  hold?: Decision['hold'];
  says?: string;
}

function run({ metric = 'service_cpu', values, on, workers = 4, fields = {} }: Case): Decision {
  return decide({
    policies: [policy([metricPolicy(metric, on)], fields)],
    history: historyOf(metric, values, workers),
    checkIntervalMs: 120_000,
  })[0]!;
}

const TABLE: Case[] = [
  {
    name: 'what would ask for more again is not lowered',
    values: '45x6',
    on: '4>80 2<50',
    to: 4,
    hold: 'projection',
    says: 'service cpu 45 % < 50 % for 10 m 0 s (needs 10 m); service cpu 45 % of 4 → 90 % of 2 > 80 % → stays at 4',
  },
  {
    name: 'a projected value equal to the threshold does not',
    values: '40x6',
    on: '4>80 2<50',
    to: 2,
  },
  {
    name: 'a threshold that leads to no more than the lower count does not matter',
    values: '45x6',
    on: '2>80 2<50',
    to: 2,
  },
  {
    name: 'the load of slots',
    metric: 'load',
    values: '50x6',
    on: '3>80 2<60',
    workers: 4,
    to: 4,
    hold: 'projection',
    says: 'load 50 % < 60 % for 10 m 0 s (needs 10 m); load 50 % of 4 → 100 % of 2 > 80 % → stays at 4',
  },
  {
    name: 'the time to drain',
    metric: 'drain_time',
    values: '50x6',
    on: '4>120 1<60',
    to: 4,
    hold: 'projection',
    says: 'drain time 50 s < 60 s for 10 m 0 s (needs 10 m); drain time 50 s of 4 → 200 s of 1 > 120 s → stays at 4',
  },
  {
    name: 'it is projected onto what is left of a step that was cut',
    values: '45x6',
    on: '4>80 2<50',
    fields: { brakes: brakes({ maxStep: { up: null, down: 1 } }) },
    to: 3,
  },
  {
    name: 'max_workers is kept all the same',
    values: '45x6',
    on: '4>80 2<50',
    fields: { maxWorkers: 3 },
    to: 3,
  },
];

describe('projection before lowering', () => {
  for (const row of TABLE) {
    test(row.name, () => {
      assertDecision(run(row), row);
    });
  }

  test('the host’s CPU and a queue are not shared out', () => {
    const shared = ALL_METRICS.filter(({ isShared }) => isShared);
    assert.deepEqual(
      shared.map(({ name }) => name),
      ['load', 'service_cpu', 'drain_time', 'busy'],
    );
  });

  test('nothing is lowered to where a threshold to more would be satisfied, but to max_workers', () => {
    const steps = fc
      .array(
        fc.tuple(
          fc.integer({ min: 1, max: 8 }),
          fc.constantFrom('<', '>'),
          fc.integer({ min: 0, max: 100 }),
        ),
        { minLength: 1, maxLength: 5 },
      )
      .map((list) => list.map((step) => step.join('')).join(' '));
    const values = fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(
        fc.constantFrom<Shared[]>('service_cpu', 'load', 'drain_time'),
        steps,
        values,
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 8 }),
        (metric, on, list, workers, maxWorkers) => {
          const { to } = run({
            name: '',
            metric,
            values: list.join(' '),
            on,
            workers,
            fields: { maxWorkers },
            to: 0,
          });
          if (to! >= Math.min(workers, maxWorkers)) return;
          const entries = historyOf(metric, list.join(' '), workers);
          const last = entries.findLast((entry) => entry.kind === 'sample')!;
          const projected = (metricOf(metric).read(last, SERVICE)! * workers) / to!;
          for (const step of metricPolicy(metric, on).up) {
            assert.ok(step.workers <= to! || projected <= step.threshold);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
