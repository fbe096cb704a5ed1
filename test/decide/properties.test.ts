import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { decide } from '../../src/decide/decide.ts';
import type { Decision, HistoryEntry, MetricPolicy, Policy } from '../../src/model/types.ts';
import { findWindowStart, historyNeededMs } from '../../src/decide/evidence/window.ts';
import { history, mapSamples, metricPolicy, policy, SERVICE, type Series } from './series.ts';

const INTERVAL_MS = 120_000;

const decideOne = (of: Policy, entries: HistoryEntry[]): Decision =>
  decide({ policies: [of], history: entries, checkIntervalMs: INTERVAL_MS })[0]!;

/** Thresholds as users write them, and as they should not: any order, overlapping, beyond the limits. */
const steps = fc
  .array(
    fc.tuple(
      fc.integer({ min: 1, max: 9 }),
      fc.constantFrom('<', '>'),
      fc.integer({ min: 0, max: 100 }),
    ),
    {
      minLength: 1,
      maxLength: 5,
    },
  )
  .map((list) => list.map((step) => step.join('')).join(' '));
const minutes = fc.constantFrom(2, 3, 4, 7, 10);
const metric = (name: MetricPolicy['metric']): fc.Arbitrary<MetricPolicy> =>
  fc.tuple(steps, minutes, minutes).map(([text, up, down]) => metricPolicy(name, text, [up, down]));
const limits = fc
  .tuple(
    fc.integer({ min: 1, max: 8 }),
    fc.integer({ min: 0, max: 6 }),
    fc.option(fc.constantFrom(500, 1000)),
  )
  .map(([minWorkers, more, memoryThresholdMb]) => {
    return { minWorkers, maxWorkers: minWorkers + more, memoryThresholdMb };
  });
const anyPolicy = fc
  .tuple(metric('cpu'), metric('queue'), fc.constantFrom('cpu', 'queue', 'both'), limits)
  .map(([cpu, queue, which, fields]) =>
    policy(which === 'both' ? [cpu, queue] : [which === 'cpu' ? cpu : queue], fields),
  );

const value = fc.integer({ min: 0, max: 100 }).map(String);
const slot = fc.oneof(
  { weight: 8, arbitrary: value },
  { weight: 1, arbitrary: fc.constant('?') },
  { weight: 1, arbitrary: fc.constant('_') },
);
/** A history of up to 14 samples with all that can happen to it; the last sample is there. */
const anySeries: fc.Arbitrary<Series> = fc
  .record({
    cpu: fc.array(slot, { minLength: 14, maxLength: 14 }),
    queue: fc.array(slot, { minLength: 14, maxLength: 14 }),
    workers: fc.array(fc.constantFrom('3', '3', '3', '3', '3', '3', '4'), {
      minLength: 15,
      maxLength: 15,
    }),
    pid: fc.array(fc.constantFrom('7', '7', '7', '7', '7', '7', '8'), {
      minLength: 15,
      maxLength: 15,
    }),
    actions: fc.array(
      fc.record({
        after: fc.integer({ min: 0, max: 13 }),
        s: fc.integer({ min: 1, max: 100 }),
        to: fc.constantFrom(3, 4),
        result: fc.constantFrom('applied' as const, 'failed' as const, 'undone' as const),
      }),
      { maxLength: 2 },
    ),
    reboots: fc.array(fc.integer({ min: 1, max: 14 }), { maxLength: 1 }),
    availableMb: fc.option(fc.integer({ min: 0, max: 3000 })),
    now: fc.tuple(fc.oneof(value, fc.constant('?')), fc.oneof(value, fc.constant('?'))),
  })
  .map(({ cpu, queue, workers, pid, now, ...rest }) => ({
    ...rest,
    cpu: [...cpu, now[0]].join(' '),
    queue: [...queue, now[1]].join(' '),
    workers: workers.join(' '),
    pid: pid.join(' '),
    service: { memory_mb: 300 },
  }));
const anyHistory = anySeries.map(history);

function hold<T extends unknown[]>(
  name: string,
  arbitraries: { [K in keyof T]: fc.Arbitrary<T[K]> },
  check: (...values: T) => void,
): void {
  test(name, () => {
    fc.assert(
      fc.property(fc.tuple(...arbitraries), (values) => check(...(values as T))),
      { numRuns: 1500 },
    );
  });
}

/** Raises the loads of all samples by the numbers of `more`, in turn. */
function raise(entries: HistoryEntry[], more: number[]): HistoryEntry[] {
  let i = 0;
  const add = (v: number | null | undefined): number | null =>
    v === null || v === undefined ? null : v + (more[i++ % more.length] ?? 0);
  return mapSamples(entries, (sample) => {
    const service = sample.services[SERVICE]!;
    return {
      ...sample,
      host: { ...sample.host, cpu_percent: add(sample.host.cpu_percent) },
      services: { [SERVICE]: { ...service, queue_length: add(service.queue_length) } },
    };
  });
}

describe('whatever the history and the policy', () => {
  hold('the result is within min and max', [anyPolicy, anyHistory], (of, entries) => {
    const { to } = decideOne(of, entries);
    assert.ok(to !== null && to >= of.minWorkers && to <= of.maxWorkers);
  });

  hold(
    'every decision has a reason, and moves where it says',
    [anyPolicy, anyHistory],
    (of, entries) => {
      const { reasons, action, from, to, hold: held } = decideOne(of, entries);
      assert.ok(reasons.length > 0);
      assert.equal(action === 'none', from === to);
      assert.ok(action === 'none' || held === null);
    },
  );

  hold(
    'nothing is lowered while a configured metric is missing, but to max_workers',
    [anyPolicy, anyHistory],
    (of, entries) => {
      const { reasons, from, to } = decideOne(of, entries);
      if (!reasons.some(({ code }) => code === 'missing_metric')) return;
      assert.ok(to! >= Math.min(from!, of.maxWorkers));
    },
  );

  hold('a missing metric is always told', [anyPolicy, anyHistory], (of, entries) => {
    const last = entries.findLast((entry) => entry.kind === 'sample')!;
    const missing = of.metrics.filter(({ metric: name }) =>
      name === 'cpu'
        ? last.host.cpu_percent === null
        : last.services[SERVICE]?.queue_length === null,
    );
    const decision = decideOne(of, entries);
    if (decision.reasons.some(({ code }) => code === 'missing_metric'))
      assert.ok(missing.length > 0);
    else assert.deepEqual(missing, []);
  });

  hold(
    'nothing changes on a gap, a reboot or a deploy, but to keep min and max',
    [anyPolicy, anyHistory, fc.constantFrom('gap', 'reboot', 'deploy', 'edit')],
    (of, entries, event) => {
      const at = entries.findLastIndex((entry) => entry.kind === 'sample');
      const last = entries[at]!;
      assert.ok(last.kind === 'sample');
      const service = last.services[SERVICE]!;
      const now = {
        gap: {
          ...last,
          uptime_s: last.uptime_s + 301,
          span_s: last.span_s === null ? null : last.span_s + 301,
        },
        reboot: { ...last, boot: 'another', uptime_s: 20, span_s: null },
        deploy: { ...last, services: { [SERVICE]: { ...service, main_pid: 99 } } },
        edit: { ...last, services: { [SERVICE]: { ...service, workers: 5 } } },
      }[event];
      const { from, to } = decideOne(of, [
        ...entries.slice(0, at).filter((e) => e.kind === 'sample'),
        now,
      ]);
      assert.equal(to, Math.min(Math.max(from!, of.minWorkers), of.maxWorkers));
    },
  );

  hold(
    'more load never gives fewer workers',
    [
      anyPolicy,
      anyHistory,
      fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 30 }),
    ],
    (of, entries, more) => {
      assert.ok(decideOne(of, raise(entries, more)).to! >= decideOne(of, entries).to!);
    },
  );

  hold(
    'the wall clock does not matter',
    [anyPolicy, anyHistory, fc.array(fc.string(), { minLength: 30, maxLength: 30 })],
    (of, entries, clocks) => {
      const shuffled = entries.map((entry, i) => ({ ...entry, at: clocks[i % 30]! }));
      assert.deepEqual(decideOne(of, shuffled), decideOne(of, entries));
    },
  );

  hold(
    'history older than what is needed does not matter, reasons included',
    [anyPolicy, anyHistory],
    (of, entries) => {
      const start = findWindowStart(entries, historyNeededMs([of], INTERVAL_MS), INTERVAL_MS);
      assert.deepEqual(decideOne(of, entries.slice(start)), decideOne(of, entries));
    },
  );

  hold(
    'history of another boot or longer ago changes no action',
    [anyPolicy, anyHistory],
    (of, entries) => {
      const needed = historyNeededMs([of], INTERVAL_MS) / 1000;
      const last = entries.findLast((entry) => entry.kind === 'sample')!;
      const recent = entries.filter(
        (e) => e.boot === last.boot && last.uptime_s - e.uptime_s <= needed,
      );
      const { to, hold: held, wanted } = decideOne(of, entries);
      const short = decideOne(of, recent);
      assert.deepEqual([short.to, short.hold, short.wanted], [to, held, wanted]);
    },
  );

  hold(
    'the decision is the same twice, and its input is left alone',
    [anyPolicy, anyHistory],
    (of, entries) => {
      const copy = structuredClone(entries);
      const first = decideOne(of, entries);
      assert.deepEqual(decideOne(of, entries), first);
      assert.deepEqual(entries, copy);
    },
  );

  hold('the same change is never made twice', [anyPolicy, anyHistory], (of, entries) => {
    const first = decideOne(of, entries);
    if (first.action === 'none') return;
    const { at, boot, uptime_s } = entries.findLast((entry) => entry.kind === 'sample')!;
    const done: HistoryEntry = {
      v: 1,
      kind: 'action',
      at,
      boot,
      uptime_s,
      service: SERVICE,
      action: first.action,
      from: first.from!,
      to: first.to!,
      result: 'applied',
      reason: '',
    };
    const again = decideOne(of, [...entries, done]);
    assert.equal(again.action, 'none');
    assert.equal(again.to, first.to);
  });
});

describe('half and half', () => {
  hold(
    'two metrics that each hold for half of the duration do not add up',
    [fc.integer({ min: 1, max: 5 }), fc.boolean()],
    (half, cpuFirst) => {
      const series = [`90x${half}`, `10x${half}`];
      const other = [...series].reverse();
      const [cpu, queue] = cpuFirst ? [series, other] : [other, series];
      const duration: [number, number] = [half * 4, 1000];
      const of = policy([
        metricPolicy('cpu', '5>80', duration),
        metricPolicy('queue', '5>80', duration),
      ]);
      assert.equal(decideOne(of, history({ cpu: cpu.join(' '), queue: queue.join(' ') })).to, 2);
    },
  );
});
