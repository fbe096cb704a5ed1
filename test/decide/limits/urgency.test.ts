import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { BrakeMemory } from '../../../src/model/brake-types.ts';
import { decide } from '../../../src/decide/decide.ts';
import type { Decision, Policy, Sample, ServiceSample } from '../../../src/model/types.ts';
import { compareUrgency, type Urgency } from '../../../src/decide/limits/urgency.ts';
import { metricPolicy } from '../series.ts';

/** A project in short: its thresholds on the queue, reached at once. */
interface Project {
  steps: string;
  queue: number | null;
  workers: number | null;
  min?: number;
  max?: number;
  memory?: number | null;
  /** of one of its workers */
  costMb?: number;
  /** changes in a row that failed, the last of them long ago */
  failures?: number;
  /** lowered where memory is short */
  relief?: boolean;
}

/** Decides for one sample; services are named a, b, c … in the order of the config. */
function decideAll(projects: Project[], availableMb: number | null = null): Decision[] {
  const services: Record<string, ServiceSample> = {};
  const brakes: Record<string, BrakeMemory> = {};
  const policies = projects.map((project, index): Policy => {
    const name = String.fromCharCode(97 + index);
    const { workers, queue, costMb } = project;
    services[name] = { workers, queue_length: queue };
    if (costMb !== undefined) services[name].memory_mb = costMb * (workers ?? 0);
    if (project.failures !== undefined) {
      brakes[name] = { failures: project.failures, failed_s: 100_000 };
    }
    return {
      project: name,
      service: name,
      minWorkers: project.min ?? 1,
      maxWorkers: project.max ?? 10,
      metrics: [metricPolicy('queue', project.steps, [0, 0])],
      memoryThresholdMb: project.memory ?? null,
      memoryScaleDown: project.relief ?? false,
    };
  });
  const host = { cpu_percent: 50, memory_available_mb: availableMb };
  const stamp = { v: 1 as const, at: '', boot: 'b', uptime_s: 9, span_s: null };
  const sample: Sample = { ...stamp, kind: 'sample', host, services, brakes };
  return decide({ policies, history: [sample], checkIntervalMs: 120_000 });
}

const up = (queue: number, steps = '4>10'): Project => ({ steps, queue, workers: 2 });

describe('the order of decisions', () => {
  const table: { name: string; projects: Project[]; order: string }[] = [
    {
      name: 'the further beyond its threshold, the earlier',
      projects: [up(20), up(50), up(30)],
      order: 'bca',
    },
    {
      name: 'it is the ratio that counts',
      projects: [up(100, '4>80'), up(20, '4>10')],
      order: 'ba',
    },
    {
      name: 'ties stay in the order of the config',
      projects: [up(20), up(20), up(20)],
      order: 'abc',
    },
    {
      name: 'a threshold of 0 is exceeded infinitely, ties included',
      projects: [up(99), up(1, '4>0'), up(5, '4>0')],
      order: 'bca',
    },
    {
      name: 'below min_workers comes first',
      projects: [up(900), { ...up(0), min: 3 }],
      order: 'ba',
    },
    {
      name: 'lowering comes after raising, nothing after lowering',
      projects: [up(5), { ...up(0), max: 1 }, up(11)],
      order: 'cba',
    },
    {
      name: 'what frees memory comes before all',
      projects: [
        { ...up(900), min: 3 },
        { ...up(0), memory: 1100, costMb: 100, relief: true },
      ],
      order: 'ba',
    },
    {
      name: 'above max_workers comes before what may be lowered',
      projects: [
        { steps: '1<5', queue: 0, workers: 2 },
        { ...up(9), max: 1 },
      ],
      order: 'ba',
    },
    {
      name: 'whose last change failed comes last, whatever it wants',
      projects: [{ ...up(900), min: 3, failures: 1 }, up(5), up(11)],
      order: 'cba',
    },
    {
      name: 'workers unknown comes with nothing',
      projects: [{ ...up(900), workers: null }, up(11)],
      order: 'ba',
    },
    {
      name: 'what memory holds comes with nothing',
      projects: [{ ...up(900), memory: 1000, costMb: 300 }, up(11)],
      order: 'ba',
    },
  ];
  for (const { name, projects, order } of table) {
    test(name, () => {
      const names = decideAll(projects, 1000).map(({ project }) => project);
      assert.equal(names.join(''), order);
    });
  }
});

describe('compareUrgency: each row is more urgent than the next one', () => {
  const CALM: Urgency = {
    ...{ action: 'none', failures: 0, freesMemory: false },
    ...{ isBelowMin: false, isAboveMax: false, excess: 0 },
  };
  const rows: [name: string, fields: Partial<Urgency>][] = [
    ['lowered for memory', { action: 'scale_down', freesMemory: true }],
    [
      'fewer than min_workers, by a metric too',
      { action: 'scale_up', isBelowMin: true, excess: 2 },
    ],
    ['fewer than min_workers', { action: 'scale_up', isBelowMin: true }],
    ['above a threshold of 0', { action: 'scale_up', excess: Infinity }],
    ['twice its threshold', { action: 'scale_up', excess: 2 }],
    ['just above its threshold', { action: 'scale_up', excess: 1.01 }],
    ['more than max_workers', { action: 'scale_down', isAboveMax: true }],
    ['below its threshold', { action: 'scale_down' }],
    ['nothing is decided', {}],
    [
      'fewer than min_workers, its last change failed',
      { action: 'scale_up', failures: 1, excess: 3 },
    ],
  ];
  for (const [index, [name, fields]] of rows.entries()) {
    test(name, () => {
      const own = { ...CALM, ...fields };
      assert.equal(compareUrgency(own, own), 0);
      for (const [, other] of rows.slice(index + 1)) {
        assert.ok(compareUrgency(own, { ...CALM, ...other }) < 0);
        assert.ok(compareUrgency({ ...CALM, ...other }, own) > 0);
      }
    });
  }
});

describe('the memory budget of a run', () => {
  const needs = (queue: number, fields: Partial<Project> = {}): Project => ({
    ...up(queue),
    memory: 1000,
    costMb: 100,
    ...fields,
  });
  const table: { name: string; projects: Project[]; available: number; to: number[] }[] = [
    { name: 'both fit', projects: [needs(20), needs(30)], available: 1400, to: [4, 4] },
    {
      name: 'the more urgent one is served first',
      projects: [needs(20), needs(30)],
      available: 1300,
      to: [3, 4],
    },
    {
      name: 'nothing remains for the less urgent one',
      projects: [needs(20), needs(30)],
      available: 1200,
      to: [2, 4],
    },
    {
      name: 'the promise of min_workers is booked',
      projects: [needs(20), needs(0, { min: 4 })],
      available: 1200,
      to: [2, 4],
    },
    {
      name: 'what a project without a limit takes is booked',
      projects: [needs(20), needs(30, { memory: null })],
      available: 1200,
      to: [2, 4],
    },
    {
      name: 'a lowering frees nothing in the same run',
      projects: [needs(20), needs(0, { max: 1 })],
      available: 1000,
      to: [2, 1],
    },
    {
      name: 'an unknown cost books nothing',
      projects: [needs(20), { ...up(30), memory: 1000 }],
      available: 1200,
      to: [4, 4],
    },
    {
      name: 'what has no room takes nothing from the next',
      projects: [needs(20), needs(30, { costMb: 900 })],
      available: 1200,
      to: [4, 2],
    },
  ];
  for (const { name, projects, available, to } of table) {
    test(name, () => {
      const decisions = decideAll(projects, available);
      const byName = new Map(decisions.map((decision) => [decision.project, decision.to]));
      assert.deepEqual(
        projects.map((_, i) => byName.get(String.fromCharCode(97 + i))),
        to,
      );
    });
  }

  test('the reason holds the numbers', () => {
    const [, held] = decideAll([needs(20), needs(30)], 1200);
    assert.deepEqual(held?.reasons.at(-1), {
      code: 'memory',
      wanted: 4,
      fits: 2,
      availableMb: 1200,
      grantedMb: 200,
      thresholdMb: 1000,
      workerMb: 100,
    });
  });
});

test('without a sample nothing is decided', () => {
  assert.deepEqual(decide({ policies: [], history: [], checkIntervalMs: 1000 }), []);
});
