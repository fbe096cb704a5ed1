import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decide } from '../../src/decide/decide.ts';
import { explainDecision, explainReason } from '../../src/decide/explain.ts';
import type { NewEvidence, Policy, Reason } from '../../src/model/types.ts';
import { history, metricPolicy, policy, type Series } from './series.ts';

const cpu = (steps: string, minutes: [number, number]) => metricPolicy('cpu', steps, minutes);
const queue = (steps: string, minutes: [number, number]) => metricPolicy('queue', steps, minutes);

describe('a decision as a sentence', () => {
  const three = policy([cpu('3>80 1<30', [3, 10])]);
  const both = policy([...three.metrics, queue('4>10 1<3', [2, 10])]);
  const table: [sentence: string, of: Policy, series: Series][] = [
    ['cpu 83.4 % > 80 % for 4 m 0 s (needs 3 m) → 3 workers', three, { cpu: '85 83.4' }],
    ['cpu 83.4 % > 80 % for 2 m 0 s, 1 m more → stays at 2', three, { cpu: '70 83.4' }],
    ['cpu 50 % (up at > 80 %, down at < 30 %) → stays at 2', three, { cpu: '50x3' }],
    ['cpu 80 % (up at > 80 %, down at < 30 %) → stays at 2', three, { cpu: '80x3' }],
    ['cpu 80.04 % > 80 % for 4 m 0 s (needs 3 m) → 3 workers', three, { cpu: '80.04x3' }],
    ['cpu 50 % (down at < 30 %) → stays at 4', three, { cpu: '50x3', workers: 4 }],
    ['cpu 50 % (up at > 80 %) → stays at 1', three, { cpu: '50x3', workers: 1 }],
    ['cpu 12 % < 30 % for 10 m 0 s (needs 10 m) → 1 worker', three, { cpu: '12x5' }],
    ['cpu 12 % < 30 % for 6 m 0 s, 4 m more → stays at 2', three, { cpu: '50 12x3' }],
    [
      'cpu 85 % > 80 % for 0 s, 3 m more; cpu starts counting again: after a gap of 6 m 0 s → stays at 2',
      three,
      { cpu: '85 85 _ _ 85' },
    ],
    [
      'cpu 85 % > 80 % for 0 s, 3 m more; cpu starts counting again: the host was rebooted → stays at 2',
      three,
      { cpu: '85 85 85', reboots: [2] },
    ],
    [
      'cpu 12 % < 30 % for 10 m 0 s (needs 10 m); queue 5 does not allow 1 worker → stays at 2',
      both,
      { cpu: '12x6', queue: '5x6' },
    ],
    [
      'cpu 12 % < 30 % for 10 m 0 s (needs 10 m); queue unknown (not in the sample), nothing is lowered until it is known → stays at 2',
      both,
      { cpu: '12x6', queue: '?x6' },
    ],
    ['queue 17 > 10 for 2 m 0 s (needs 2 m) → 4 workers', both, { cpu: '50x6', queue: '17x6' }],
    ['queue 17 > 10 → 4 workers', policy([queue('4>10', [0, 0])]), { queue: '17' }],
    [
      '1 worker, fewer than min_workers 2 → 2 workers',
      policy([cpu('3>80', [3, 10])], { minWorkers: 2 }),
      { cpu: '50', workers: 1 },
    ],
    [
      '5 workers, more than max_workers 3 → 3 workers',
      policy([cpu('3>80', [3, 10])], { maxWorkers: 3 }),
      { cpu: '50', workers: 5 },
    ],
    [
      'cpu 90 % > 80 % for 4 m 0 s (needs 3 m); at max_workers 3 → stays at 3',
      policy([cpu('3>80', [3, 10])], { maxWorkers: 3 }),
      { cpu: '90x3', workers: 3 },
    ],
    [
      'cpu 9 % < 30 % for 10 m 0 s (needs 10 m); at min_workers 1 → stays at 1',
      three,
      { cpu: '9x6', workers: 1 },
    ],
    ['cpu 9 % < 30 %; at min_workers 1 → stays at 1', three, { cpu: '50 9', workers: 1 }],
    [
      'cpu 83.4 % > 80 % for 2 m 0 s, 1 m more → stays at 2',
      policy([cpu('3>80', [3, 10]), queue('2<5', [2, 10])]),
      { cpu: '70 83.4', queue: '9 9' },
    ],
    [
      'queue 0 < 3; at min_workers 1 → stays at 1',
      policy([cpu('1<30', [3, 10]), queue('4>10 1<3', [2, 10])]),
      { cpu: '85 _ _ _ 85', queue: '0 _ _ _ 0', workers: 1 },
    ],
    [
      'cpu 90 % > 80 % for 4 m 0 s (needs 3 m); 4 instead of the 6 wanted (max_workers) → 4 workers',
      policy([cpu('6>80', [3, 10])], { maxWorkers: 4 }),
      { cpu: '90x3' },
    ],
    [
      'number of workers unknown (not in the sample) → nothing is changed',
      three,
      { cpu: '90x3', workers: '?x3' },
    ],
    [
      'cpu 90 % > 80 % for 4 m 0 s (needs 3 m); 1111 MB memory available, 100.5 MB a worker, 1000 MB must remain: 6 workers wanted, 3 possible → 3 workers',
      policy([cpu('6>80', [3, 10])], { memoryThresholdMb: 1000 }),
      { cpu: '90x3', availableMb: 1111, service: { memory_mb: 201 } },
    ],
  ];
  for (const [sentence, of, series] of table) {
    test(sentence, () => {
      const input = { policies: [of], history: history(series), checkIntervalMs: 120_000 };
      const [decision] = decide(input);
      assert.equal(decision && explainDecision(decision), sentence);
    });
  }
});

describe('a reason as a sentence', () => {
  const because = (why: NewEvidence): Reason => {
    return { code: 'new_evidence', metric: 'cpu', because: why, gapMs: null };
  };
  const memory = { code: 'memory', wanted: 4, fits: 2, thresholdMb: 1000 } as const;
  const within = { code: 'within', metric: 'queue', value: 7, upAt: null, downAt: null } as const;
  const above = {
    code: 'above',
    metric: 'cpu',
    value: 90,
    threshold: 80,
    workers: 3,
    reached: false,
  } as const;
  const table: [sentence: string, reason: Reason][] = [
    ['cpu starts counting again: the boot clock went back', because('clock')],
    ['cpu starts counting again: the first sample', because('first_sample')],
    ['cpu starts counting again: the previous value was missing', because('missing_sample')],
    ['cpu starts counting again: the number of workers changed', because('workers_changed')],
    ['cpu starts counting again: the service was restarted', because('restarted')],
    ['queue 7 (no threshold goes beyond this)', within],
    [
      'available memory unknown, 50 MB a worker, 1000 MB must remain: 4 workers wanted, 2 possible',
      { ...memory, availableMb: null, grantedMb: 0, workerMb: 50 },
    ],
    [
      '900 MB memory available, 200 MB of it granted to others, cost of a worker unknown, 1000 MB must remain: 4 workers wanted, 2 possible',
      { ...memory, availableMb: 900, grantedMb: 200, workerMb: null },
    ],
    ['disabled in the config', { code: 'disabled' }],
    ['cpu 90 % > 80 % for 2.5 s, 7.5 s more', { ...above, heldMs: 2500, neededMs: 10_000 }],
    [
      'cpu 90 % > 80 % for 1 h 0 m 20 s, 1 m 40 s more',
      { ...above, heldMs: 3_620_000, neededMs: 3_720_000 },
    ],
    ['cpu 90 % > 80 % for 59 s, 1 h more', { ...above, heldMs: 59_000, neededMs: 3_659_000 }],
    ['cpu 90 % > 80 % for 1 m 0 s, 10 s more', { ...above, heldMs: 59_999, neededMs: 69_990 }],
  ];
  for (const [sentence, reason] of table) {
    test(sentence, () => assert.equal(explainReason(reason), sentence));
  }
});
