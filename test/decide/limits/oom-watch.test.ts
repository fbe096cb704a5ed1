import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decide } from '../../../src/decide/decide.ts';
import { explainDecision } from '../../../src/decide/explain.ts';
import type { Decision, HistoryEntry, Policy, Sample } from '../../../src/model/types.ts';
import { history, metricPolicy, policy, SERVICE, type Event } from '../series.ts';
import { carryBrakes } from '../../../src/decide/limits/brake-memory.ts';

/** A busy service of 2 workers that was raised to 4 after the second sample. */
interface Case {
  name: string;
  /** the kernel's counter in each sample; `?`: not known */
  kills: string;
  /** the start of its main process in each sample; default: always the same */
  starts?: string;
  actions?: Event[];
  of?: Partial<Policy>;
  action: Decision['action'];
  to: number;
  says?: RegExp;
}

const RAISED: Event[] = [{ after: 1, from: 2, to: 4, action: 'scale_up' }];
const BACK: Event[] = [...RAISED, { after: 3, from: 4, to: 2, action: 'scale_down' }];

function run({ kills, starts, actions = RAISED, of = {} }: Case): Decision {
  const counts = kills.split(' ');
  const begins = starts?.split(' ');
  const entries = history({ cpu: `90x${counts.length}`, workers: 2, actions });
  const policies = [policy([metricPolicy('cpu', '4>80 1<20')], of)];
  const done: HistoryEntry[] = [];
  let workers = 2;
  let slot = 0;
  for (const entry of entries) {
    if (entry.kind === 'action') {
      workers = entry.to;
      done.push(entry);
      continue;
    }
    const found = {
      ...entry.services[SERVICE]!,
      workers,
      main_start_s: Number(begins?.[slot] ?? 1),
    };
    const count = counts[slot++];
    const oom = count === '?' ? null : Number(count);
    const sample: Sample = { ...entry, services: { [SERVICE]: { ...found, oom_kills: oom } } };
    done.push(carryBrakes(policies, done, sample));
  }
  return decide({ policies, history: done, checkIntervalMs: 120_000 })[0]!;
}

const CASES: Case[] = [
  { name: 'none: it stays', kills: '0 0 0', action: 'none', to: 4 },
  {
    name: 'some after the raise: it is taken back at once',
    kills: '0 0 3',
    action: 'scale_down',
    to: 2,
    says: /^the OOM killer has ended 3 of its processes since it was raised from 2, 1 m 59 s ago → 2 workers$/,
  },
  { name: 'those before the raise do not count', kills: '5 5 5', action: 'none', to: 4 },
  {
    name: 'with the first requests, some minutes later',
    kills: '0 0 0 0 0 1',
    action: 'scale_down',
    to: 2,
  },
  {
    name: 'a restart counts from 0',
    kills: '5 5 2',
    starts: '1 1 200',
    action: 'scale_down',
    to: 2,
  },
  { name: 'a restart without any', kills: '5 5 0', starts: '1 1 200', action: 'none', to: 4 },
  { name: 'not known: nothing is said', kills: '? ? ?', action: 'none', to: 4 },
  {
    name: 'a quarter of an hour later it is none of the raise',
    kills: '0 0 0 0 0 0 0 0 0 0 2',
    action: 'none',
    to: 4,
  },
  {
    name: 'none below min_workers, which is said',
    kills: '0 0 3',
    of: { minWorkers: 3 },
    action: 'scale_down',
    to: 3,
  },
  {
    name: 'after it was taken back it is not raised again for a while',
    kills: '0 0 3 3 3',
    actions: BACK,
    action: 'none',
    to: 2,
    says: /hold: failed change, next try in/,
  },
];

describe('processes that the kernel ends after a raise', () => {
  for (const row of CASES) {
    test(row.name, () => {
      const decision = run(row);
      assert.deepEqual([decision.action, decision.to], [row.action, row.to]);
      if (row.says !== undefined) assert.match(explainDecision(decision), row.says);
    });
  }
});
