import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { NOT_SAMPLED } from '../../src/metrics/missing.ts';
import { simulate, startSimulation } from '../../src/decide/simulate.ts';
import type { HistoryEntry, Sample } from '../../src/model/types.ts';
import { history, mapSamples, metricPolicy, policy, SERVICE, type Series } from './series.ts';

const INTERVAL_MS = 120_000;
const POLICY = policy([metricPolicy('cpu', '3>60 4>80 2<40 1<20', [4, 6])]);

/** The workers after each sample, as a text: `2 2 3`; `?` where nothing is known. */
function follow(entries: HistoryEntry[]): string {
  const runs = simulate([POLICY], INTERVAL_MS, entries);
  return runs.map(({ decisions }) => decisions[0]?.to ?? '?').join(' ');
}

describe('the workers of a simulation', () => {
  const table: { name: string; series: Series; follows: string }[] = [
    {
      name: 'begin with those of the first sample',
      series: { cpu: '50x3', workers: 2 },
      follows: '2 2 2',
    },
    {
      name: 'follow the decisions, whatever was recorded',
      series: { cpu: '90x5', workers: 2 },
      follows: '2 4 4 4 4',
    },
    {
      name: 'each change needs new evidence',
      series: { cpu: '70x2 90x4', workers: 2 },
      follows: '2 3 3 4 4 4',
    },
    {
      name: 'go up and come down again',
      series: { cpu: '90x2 10x7', workers: 2 },
      follows: '2 4 4 4 1 1 1 1 1',
    },
    {
      name: 'a recorded change that a recorded action explains is passed over',
      series: { cpu: '50x4', workers: '2 2 3 3', actions: [{ after: 1, to: 3 }] },
      follows: '2 2 2 2',
    },
    {
      name: 'what it is explained by makes no evidence start over',
      series: { cpu: '50 90 90', workers: '2 2 3', actions: [{ after: 1, to: 3 }], pid: '7 7 8' },
      follows: '2 2 4',
    },
    {
      name: 'a recorded change that nothing explains is taken over',
      series: { cpu: '50x4', workers: '2 2 5 5' },
      follows: '2 2 5 5',
    },
    {
      name: 'and makes the evidence start over',
      series: { cpu: '10x6', workers: '5 5 6 6 6 6' },
      follows: '5 5 6 6 6 1',
    },
    {
      name: 'a change to another count than the action says is taken over',
      series: { cpu: '50x3', workers: '2 2 5', actions: [{ after: 1, to: 3 }] },
      follows: '2 2 5',
    },
    {
      name: 'a simulator that makes the decided change agrees',
      series: { cpu: '90x6', workers: '2 2 4 4 4 4' },
      follows: '2 4 4 4 4 4',
    },
    {
      name: 'a simulator that makes it a sample later agrees too',
      series: { cpu: '90x6', workers: '2 2 2 4 4 4' },
      follows: '2 4 4 4 4 4',
    },
    {
      name: 'a decided change that was recorded as failed was not made, and is tried again after the hold',
      series: { cpu: '70x7', workers: 2, actions: [{ after: 1, to: 3, result: 'undone' }] },
      follows: '2 3 2 2 2 2 3',
    },
    {
      name: 'a recorded failure of another change is what was: passed over',
      series: { cpu: '70x4', workers: 2, actions: [{ after: 1, to: 4, result: 'undone' }] },
      follows: '2 3 3 3',
    },
    {
      name: 'a deploy between samples makes the evidence start over',
      series: { cpu: '90x3', workers: 2, pid: '7 8 8' },
      follows: '2 2 2',
    },
    {
      name: 'unknown in a sample: unknown there, then as before',
      series: { cpu: '90x4', workers: '2 2 ? 2' },
      follows: '2 4 ? 4',
    },
    {
      name: 'unknown at first: known from the first sample that knows',
      series: { cpu: '50x3', workers: '? 2 2' },
      follows: '? 2 2',
    },
  ];
  for (const { name, series, follows } of table) {
    test(name, () => assert.equal(follow(history(series)), follows));
  }
});

test('a worker costs what the recorded workers hold, also when the simulated count differs', () => {
  const of = { ...POLICY, memoryThresholdMb: 1000 };
  const entries = history({ cpu: '70x2 90x4', service: { memory_mb: 200 } });
  // 100 MB for each of the two that were recorded: enough for the third worker, then not for the fourth
  const scarce = entries.map((entry, index) => withMemory(entry, index < 2 ? 1100 : 1099));
  const last = simulate([of], INTERVAL_MS, scarce).at(-1)?.decisions[0];
  assert.equal(last?.to, 3);
  assert.equal(last?.hold, 'memory');
});

test('a service that no sample holds is told as unknown', () => {
  const of = { ...POLICY, service: 'absent.service' };
  const [run] = simulate([of], INTERVAL_MS, history({ cpu: '90' }));
  assert.deepEqual(run?.decisions[0]?.reasons, [{ code: 'workers_unknown', error: NOT_SAMPLED }]);
});

test('services that the config does not have are passed over', () => {
  assert.deepEqual(simulate([], INTERVAL_MS, history({ cpu: '90' })), [
    { at: 'slot 0', decisions: [] },
  ]);
});

test('what was recorded is left as it is', () => {
  const entries = history({ cpu: '90x5', pid: '7x5' });
  const copy = structuredClone(entries);
  simulate([POLICY], INTERVAL_MS, entries);
  assert.deepEqual(entries, copy);
});

test('the same changes come out whether or not someone makes them as decided', () => {
  const load = fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 5, maxLength: 25 });
  const check = (cpu: number[]): void => {
    const open = history({ cpu: cpu.join(' ') });
    const follows = simulate([POLICY], INTERVAL_MS, open);
    // the closed loop: each sample has the workers that were decided on the one before
    const simulation = startSimulation([POLICY], INTERVAL_MS);
    let workers: number | null = 2;
    for (const [index, entry] of open.entries()) {
      const [sample] = mapSamples([entry], (each) => withWorkers(each, workers));
      const run = simulation.push(sample!);
      assert.deepEqual(run, follows[index]);
      workers = run?.decisions[0]?.to ?? null;
    }
  };
  fc.assert(fc.property(load, check), { numRuns: 500 });
});

test('a sample costs the same however many came before it', () => {
  const simulation = startSimulation([POLICY], INTERVAL_MS);
  const entries = history({ cpu: '90x300 50x300 10x300 ?x100' });
  const batches = Array.from({ length: 40 }, (_, batch) => {
    const started = performance.now();
    for (const [index, entry] of entries.entries()) {
      simulation.push({ ...entry, uptime_s: (batch * entries.length + index) * 120 });
    }
    return performance.now() - started;
  });
  const median = (list: number[]): number => list.sort((a, b) => a - b)[list.length >> 1]!;
  const early = median(batches.slice(5, 15));
  const late = median(batches.slice(-10));
  assert.ok(late < 4 * early, `${late} ms for 1000 samples, ${early} ms at first`);
});

function withWorkers(sample: Sample, workers: number | null): Sample {
  const service = sample.services[SERVICE]!;
  return { ...sample, services: { [SERVICE]: { ...service, workers } } };
}

function withMemory(entry: HistoryEntry, memory_available_mb: number): HistoryEntry {
  return entry.kind === 'sample'
    ? { ...entry, host: { ...entry.host, memory_available_mb } }
    : entry;
}
