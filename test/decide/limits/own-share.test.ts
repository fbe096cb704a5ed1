import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { decide } from '../../../src/decide/decide.ts';
import { measureError } from '../../../src/model/measure-error.ts';
import type { Decision, HistoryEntry, Policy } from '../../../src/model/types.ts';
import { assertDecision } from '../assert-decision.ts';
import { history, mapSamples, metricPolicy, parseSeries, policy, SERVICE } from '../series.ts';

/** The host has 4 processors; `cores` is a series of what the service kept busy of them. */
interface Case {
  name: string;
  cpu: string;
  cores: string;
  on?: string;
  needed?: number | null;
  min?: number;
  max?: number;
  workers?: number;
  to: number;
  hold?: Decision['hold'];
  says?: string;
}

function withCores(entries: HistoryEntry[], cores: string): HistoryEntry[] {
  const values = parseSeries(cores);
  let i = 0;
  return mapSamples(entries, (sample) => {
    const value = values[i++];
    return {
      ...sample,
      host: { ...sample.host, cpus: 4 },
      services: {
        [SERVICE]: {
          ...sample.services[SERVICE]!,
          cpu_cores: typeof value === 'number' ? value : null,
          ...(value === null && {
            errors: { cpu_cores: measureError('no_cpu_accounting', 'not accounted') },
          }),
        },
      },
    };
  });
}

function decideOne(of: Policy, entries: HistoryEntry[]): Decision {
  return decide({ policies: [of], history: entries, checkIntervalMs: 120_000 })[0]!;
}

function run({ cpu, cores, on = '3>80', needed = 10, min = 1, max = 10, workers = 2 }: Case) {
  const fields = { minWorkers: min, maxWorkers: max, minOwnCpuShare: needed };
  return decideOne(
    policy([metricPolicy('cpu', on)], fields),
    withCores(history({ cpu, workers }), cores),
  );
}

const TABLE: Case[] = [
  {
    name: 'a service that used less than its share is not raised',
    cpu: '92x3',
    cores: '0.0368x3',
    to: 2,
    hold: 'own_cpu_share',
    says: 'host cpu 92 % > 80 % for 4 m 0 s, but shop used 1 % of it (needs 10 %) → stays at 2',
  },
  {
    name: 'one that used as much as is needed is raised',
    cpu: '92x3',
    cores: '0.368x3',
    to: 3,
    says: 'cpu 92 % > 80 % for 4 m 0 s (needs 4 m) → 3 workers',
  },
  {
    name: 'without the setting the share does not count',
    cpu: '92x3',
    cores: '0x3',
    needed: null,
    to: 3,
  },
  {
    name: 'the share is that of the whole streak, weighed by what the host was busy with',
    // 1 of (3.2 + 4) busy processors in each of two samples: 13.9 %, though 0 % in the last
    cpu: '0 81 100',
    cores: '0 1 0',
    to: 3,
  },
  {
    name: 'what it used before the streak does not count',
    cpu: '79 92x2',
    cores: '3 0x2',
    to: 2,
    hold: 'own_cpu_share',
  },
  {
    name: 'an unknown share anywhere in the streak is too small',
    cpu: '92x3',
    cores: '3 ? 3',
    to: 2,
    hold: 'own_cpu_share',
    says: 'host cpu 92 % > 80 % for 4 m 0 s, but what shop used of it is unknown: not accounted (needs 10 %) → stays at 2',
  },
  {
    name: 'a threshold that is not reached yet is told as ever',
    cpu: '50 92',
    cores: '0 0',
    to: 2,
    hold: 'duration',
  },
  {
    name: 'a low share keeps nothing below min_workers',
    cpu: '92x3',
    cores: '0x3',
    min: 3,
    to: 3,
  },
  {
    name: 'a low share keeps nothing above max_workers',
    cpu: '92x3',
    cores: '0x3',
    max: 1,
    to: 1,
  },
  {
    name: 'it is not asked for where cpu goes down',
    cpu: '10x6',
    cores: '0x6',
    on: '3>80 1<30',
    to: 1,
  },
];

describe('the share of the service in a busy host', () => {
  for (const row of TABLE) {
    test(row.name, () => {
      assertDecision(run(row), row);
    });
  }

  test('another metric may raise it all the same', () => {
    const of = policy([metricPolicy('cpu', '3>80'), metricPolicy('queue', '5>10')], {
      minOwnCpuShare: 10,
    });
    const entries = withCores(history({ cpu: '92x3', queue: '20x3' }), '0x3');
    assert.equal(decideOne(of, entries).to, 5);
  });

  const cores = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 6, maxLength: 6 });
  const loads = fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 6, maxLength: 6 });
  const series = (values: readonly number[]): string => values.join(' ');

  test('more CPU of its own never gives fewer workers', () => {
    fc.assert(
      fc.property(
        loads,
        cores,
        cores,
        fc.integer({ min: 0, max: 100 }),
        (cpu, own, more, needed) => {
          const row = { name: '', cpu: series(cpu), needed, on: '3>50 4>80 1<30', to: 0 };
          const less = run({ ...row, cores: series(own) });
          const raised = run({ ...row, cores: series(own.map((each, i) => each + more[i]!)) });
          assert.ok(raised.to! >= less.to!);
        },
      ),
    );
  });

  test('it only ever takes a raise away: min, max and every lowering stay', () => {
    fc.assert(
      fc.property(
        fc.record({
          cpu: loads.map(series),
          cores: cores.map(series),
          needed: fc.integer({ min: 0, max: 100 }),
          min: fc.integer({ min: 1, max: 3 }),
          max: fc.integer({ min: 3, max: 5 }),
          workers: fc.integer({ min: 1, max: 6 }),
        }),
        (given) => {
          const row = { ...given, name: '', on: '3>50 4>80 1<30 2<40', to: 0 };
          const asked = run(row);
          const without = run({ ...row, needed: null });
          const promised = Math.min(Math.max(row.workers, row.min), row.max);
          assert.ok(asked.to === without.to || (without.to! > promised && asked.to === promised));
        },
      ),
    );
  });
});
