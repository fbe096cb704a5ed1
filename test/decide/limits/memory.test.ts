import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { decide } from '../../../src/decide/decide.ts';
import type { Decision, HostSample, Policy, ServiceSample } from '../../../src/model/types.ts';
import { carryPeak } from '../../../src/measure/worker-peak.ts';
import { assertDecision } from '../assert-decision.ts';
import { history, mapSamples, metricPolicy, policy } from '../series.ts';

interface Case {
  name: string;
  cpu?: string;
  host: Partial<HostSample>;
  service?: Partial<ServiceSample>;
  fields?: Partial<Policy>;
  to: number;
  hold?: Decision['hold'];
  says?: string;
}

/** 3 workers of 100 MB each; 1000 MB must remain. */
function run({ cpu = '50x3', host, service = {}, fields = {} }: Case): Decision {
  const of = policy([metricPolicy('cpu', '5>80 1<30')], { memoryThresholdMb: 1000, ...fields });
  const entries = mapSamples(
    history({ cpu, workers: 3, service: { running: 3, memory_mb: 300, ...service } }),
    (sample) => ({ ...sample, host: { ...sample.host, ...host } }),
  );
  return decide({ policies: [of], history: entries, checkIntervalMs: 120_000 })[0]!;
}

const DOWN = { memoryScaleDown: true };

const TABLE: Case[] = [
  {
    name: 'a worker costs as much as one has held within a day, and those that run will hold it too',
    cpu: '90x3',
    host: { memory_available_mb: 1500 },
    service: { worker_peak_mb: 150 },
    to: 5,
  },
  {
    name: 'where that does not fit, fewer are added',
    cpu: '90x3',
    host: { memory_available_mb: 1400 },
    service: { worker_peak_mb: 150 },
    to: 4,
    says: 'cpu 90 % > 80 % for 4 m 0 s (needs 4 m); 1400 MB memory available, 150 MB a worker at most so far (100 MB now), 1000 MB must remain: 5 workers wanted, 4 possible → 4 workers',
  },
  {
    name: 'what lies in swap is owed',
    cpu: '90x3',
    host: { memory_available_mb: 1400, swap_used_mb: 350 },
    to: 3,
    hold: 'memory',
    says: 'cpu 90 % > 80 % for 4 m 0 s (needs 4 m); 1400 MB memory available, 350 MB in swap, 100 MB a worker, 1000 MB must remain: 5 workers wanted, 3 possible → stays at 3',
  },
  {
    name: 'while the host waits for memory nothing is added',
    cpu: '90x3',
    host: { memory_available_mb: 9000, memory_pressure: 14 },
    fields: { maxMemoryPressure: 10 },
    to: 3,
    hold: 'memory',
    says: 'cpu 90 % > 80 % for 4 m 0 s (needs 4 m); the host waits for memory 14 % of the time (at most 10 %), nothing is added → stays at 3',
  },
  {
    name: 'a pressure equal to the limit does not',
    cpu: '90x3',
    host: { memory_available_mb: 9000, memory_pressure: 10 },
    fields: { maxMemoryPressure: 10 },
    to: 5,
  },
  {
    name: 'min_workers is kept whatever memory says',
    host: { memory_available_mb: 10, memory_pressure: 90, swap_used_mb: 900 },
    fields: { minWorkers: 4, maxMemoryPressure: 10 },
    to: 4,
  },
  {
    name: 'a limit of the control group is a limit, without a threshold too',
    cpu: '90x3',
    host: { memory_available_mb: 9000 },
    service: { memory_groups: [{ group: '/w', what: 'MemoryMax', limit_mb: 450, used_mb: 310 }] },
    fields: { memoryThresholdMb: null },
    to: 4,
    says: 'cpu 90 % > 80 % for 4 m 0 s (needs 4 m); MemoryMax of /w 450 MB, 310 MB in use, 100 MB a worker: 5 workers wanted, 4 possible → 4 workers',
  },
  {
    name: 'what fits exactly fits',
    cpu: '90x3',
    host: { memory_available_mb: 9000 },
    service: { memory_groups: [{ group: '/w', what: 'MemoryMax', limit_mb: 510, used_mb: 310 }] },
    to: 5,
  },
  {
    name: 'a group above it that is full: nothing is added',
    cpu: '90x3',
    host: { memory_available_mb: 9000 },
    service: {
      memory_groups: [
        { group: '/a/w', what: 'MemoryHigh', limit_mb: 900, used_mb: 310 },
        { group: '/a', what: 'MemoryMax', limit_mb: 500, used_mb: 480 },
      ],
    },
    to: 3,
    hold: 'memory',
  },
  {
    name: 'where the use of a group is not known, what the workers hold counts',
    cpu: '90x3',
    host: { memory_available_mb: 9000 },
    service: { memory_groups: [{ group: 'w', what: 'MemoryMax', limit_mb: 400, used_mb: null }] },
    to: 4,
  },
  {
    name: 'min_workers is kept in a full group',
    host: { memory_available_mb: 9000 },
    service: { memory_groups: [{ group: '/w', what: 'MemoryMax', limit_mb: 300, used_mb: 300 }] },
    fields: { minWorkers: 4 },
    to: 4,
  },
  {
    name: 'over budget: as many are taken away as make up for it, at once',
    host: { memory_available_mb: 850 },
    fields: DOWN,
    to: 1,
    says: 'cpu 50 % (up at > 80 %, down at < 30 %); 850 MB memory available, 1000 MB must remain, 100 MB a worker: 150 MB short → 1 worker',
  },
  {
    name: 'what must remain exactly is enough',
    host: { memory_available_mb: 1000 },
    fields: DOWN,
    to: 3,
  },
  { name: 'without the setting nothing is taken away', host: { memory_available_mb: 10 }, to: 3 },
  {
    name: 'none below min_workers',
    host: { memory_available_mb: 10 },
    fields: { ...DOWN, minWorkers: 2 },
    to: 2,
  },
  {
    name: 'none where it is unknown what a worker holds, which is said',
    host: { memory_available_mb: 10 },
    service: { memory_mb: null },
    fields: DOWN,
    to: 3,
    says: 'cpu 50 % (up at > 80 %, down at < 30 %); 10 MB memory available, 1000 MB must remain, cost of a worker unknown: 990 MB short → stays at 3',
  },
  {
    name: 'none where memory is unknown',
    host: { memory_available_mb: null },
    fields: DOWN,
    to: 3,
  },
  {
    name: 'none of a service that does not run',
    host: { memory_available_mb: 10 },
    service: { active: 'failed' },
    fields: DOWN,
    to: 3,
    hold: 'not_running',
  },
];

describe('memory', () => {
  for (const row of TABLE) {
    test(row.name, () => {
      assertDecision(run(row), row);
    });
  }

  test('what one service is granted in a slice is gone for the others of it', () => {
    const names = ['a.service', 'b.service'];
    const policies = names.map((service) =>
      policy([metricPolicy('cpu', '5>80')], { service, project: service[0]! }),
    );
    const slice = { group: '/s', what: 'MemoryMax', limit_mb: 900, used_mb: 600 } as const;
    const found = { workers: 3, running: 3, memory_mb: 300, memory_groups: [slice] };
    const entries = mapSamples(history({ cpu: '90x3', availableMb: 9000 }), (sample) => ({
      ...sample,
      services: Object.fromEntries(names.map((name) => [name, found])),
    }));
    const decisions = decide({ policies, history: entries, checkIntervalMs: 120_000 });
    assert.deepEqual(decisions.map(({ to }) => to).sort(), [4, 5]);
  });

  test('the least urgent gives first, and what it gives counts for the others', () => {
    const names = ['a.service', 'b.service'];
    const policies = names.map((service) =>
      policy([metricPolicy('queue', '5>10')], {
        ...{ service, project: service[0]!, memoryThresholdMb: 1000, memoryScaleDown: true },
      }),
    );
    const entries = mapSamples(history({ cpu: '50x3', availableMb: 900 }), (sample) => ({
      ...sample,
      services: {
        // wants more, so it is the more urgent one
        'a.service': { workers: 3, running: 3, memory_mb: 300, queue_length: 20 },
        'b.service': { workers: 3, running: 3, memory_mb: 300, queue_length: 0 },
      },
    }));
    const decisions = decide({ policies, history: entries, checkIntervalMs: 120_000 });
    const to = Object.fromEntries(decisions.map((each) => [each.project, each.to]));
    assert.deepEqual(to, { a: 3, b: 2 });
  });

  test('more available memory never gives fewer workers', () => {
    const mb = fc.integer({ min: 0, max: 3000 });
    fc.assert(
      fc.property(
        ...[
          mb,
          mb,
          fc.constantFrom('90x3', '50x3', '10x6'),
          fc.boolean(),
          fc.integer({ min: 0, max: 300 }),
        ],
        (less, more, cpu, memoryScaleDown, peak) => {
          const to = (memory_available_mb: number): number =>
            run({
              ...{ name: '', cpu, to: 0, host: { memory_available_mb } },
              ...{ service: { worker_peak_mb: peak }, fields: { memoryScaleDown } },
            }).to!;
          assert.ok(to(less + more) >= to(less));
        },
      ),
    );
  });
});

describe('the most that a worker has held', () => {
  const day = 24 * 3600;
  const rows: [
    name: string,
    memory: number | null,
    before: Partial<ServiceSample> | null,
    peak: object,
  ][] = [
    ['is the first that is measured', 300, null, { worker_peak_mb: 100, worker_peak_s: 0 }],
    [
      'rises',
      300,
      { worker_peak_mb: 90, worker_peak_s: 5 },
      { worker_peak_mb: 100, worker_peak_s: 0 },
    ],
    [
      'stays and ages where less is held',
      300,
      { worker_peak_mb: 110, worker_peak_s: 5 },
      { worker_peak_mb: 110, worker_peak_s: 125 },
    ],
    [
      'stays where nothing is measured',
      null,
      { worker_peak_mb: 110, worker_peak_s: 5 },
      { worker_peak_mb: 110, worker_peak_s: 125 },
    ],
    [
      'is forgotten after a day',
      300,
      { worker_peak_mb: 110, worker_peak_s: day },
      { worker_peak_mb: 100, worker_peak_s: 0 },
    ],
    [
      'is forgotten after a day also where nothing is measured',
      null,
      { worker_peak_mb: 110, worker_peak_s: day },
      {},
    ],
  ];
  for (const [name, memory_mb, before, peak] of rows) {
    test(name, () => {
      const then = before === null ? undefined : { workers: 3, ...before };
      assert.deepEqual(carryPeak({ workers: 3, running: 3, memory_mb }, then, 120), peak);
    });
  }
});
