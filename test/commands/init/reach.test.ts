import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkFlapping } from '../../../src/commands/check/findings/flapping.ts';
import { checkReach } from '../../../src/commands/check/findings/reach.ts';
import type { Policy } from '../../../src/model/types.ts';
import type { Candidate } from '../../../src/kinds/shared/proposal.ts';
import { found, proposedPolicy, Runs, type Measure } from './proposed.ts';

/**
 * What a service makes of its metrics by a load of so many workers' worth, on a host where nothing else runs. Each
 * worker computes on one processor at most; `computes`: whether its requests or tasks do, or wait for something else.
 */
function byLoad(load: number, computes: boolean, cores: number): Measure {
  // what no worker has time for waits, and there is more of it at each look
  return (workers) => {
    const used = computes ? Math.min(load, workers, cores) : 0;
    const done = computes ? used : Math.min(load, workers);
    const waits = load > done + 1e-9;
    return {
      cpuPercent: (used / cores) * 100,
      service: {
        ...{ cpu_cores: used, backlog: waits ? 30 : 0 },
        busy_percent: waits ? 100 : (done / workers) * 100,
        queue_length: waits ? 1000 : 0,
        running_tasks: waits ? workers : Math.floor(done),
      },
    };
  };
}

const CELERY = { kind: 'celery', workerClass: null, broker: 'redis://h/0' } as const;
const KINDS: [name: string, candidate: Partial<Candidate>, computes: boolean[]][] = [
  ['sync', { workerClass: 'sync' }, [true, false]],
  ['gthread', { workerClass: 'gthread' }, [true, false]],
  ['sync, busyness not seen', { workerClass: 'sync', unseen: ['busy'] }, [true, false]],
  ['sync, only CPU seen', { workerClass: 'sync', unseen: ['busy', 'backlog'] }, [true]],
  ['gthread, backlog not seen', { workerClass: 'gthread', unseen: ['backlog'] }, [true, false]],
  // a loop that waits is not in anybody's way: more of them are wanted where they compute, or are blocked
  ['async', { workerClass: 'async' }, [true, false]],
  ['unknown class', { workerClass: 'unknown' }, [true, false]],
  ['async, CPU not counted', { workerClass: 'async', hasCpu: false }, [true, false]],
  ['Celery', CELERY, [true, false]],
  ['Celery, by restarts', { ...CELERY, obstacle: 'because' }, [true, false]],
  ['Celery with threads', { ...CELERY, showsTasks: false, obstacle: 'because' }, [true, false]],
  // without its broker nobody sees that tasks wait
  ['Celery without a broker', { ...CELERY, broker: null }, [true]],
  ['the same, CPU not counted', { ...CELERY, broker: null, hasCpu: false }, [true]],
];
const CORES = [1, 2, 3, 4, 6, 8, 12, 16];
const RUNNING = Array.from({ length: 8 }, (_, index) => index + 1);
/** So many runs of 2 minutes are longer than each duration: 10 minutes, and the sample that ends a change's own interval. */
const LONG = 8;

interface Proposed {
  where: string;
  cores: number;
  candidate: Candidate;
  policy: Policy;
}

function proposeAll(more: Partial<Candidate>): Promise<Proposed[]> {
  const all = CORES.flatMap((cores) => RUNNING.map((workers) => ({ cores, workers })));
  return Promise.all(
    all.map(async ({ cores, workers }) => {
      const candidate = found({ ...more, workers });
      const policy = await proposedPolicy(candidate, cores);
      return { where: `${cores} processors, ${workers} run`, cores, candidate, policy };
    }),
  );
}

describe('what init proposes, on 1 to 16 processors for 1 to 8 workers', () => {
  for (const [name, more, computes] of KINDS) {
    const proposed = proposeAll(more);

    test(`${name}: check has nothing to say of it`, async () => {
      for (const { where, cores, candidate, policy } of await proposed) {
        const { kind, workerClass } = candidate;
        const found = [
          ...checkReach({ policy, kind, cores, workerClass }),
          ...checkFlapping(policy),
        ];
        assert.deepEqual(
          found.map(({ evidence }) => evidence),
          [],
          where,
        );
      }
    });

    test(`${name}: from each number of workers its own load leads up, to the most`, async () => {
      for (const { where, cores, policy } of await proposed) {
        for (const isComputing of computes) {
          const full = byLoad(1000, isComputing, cores);
          for (let from = policy.minWorkers; from < policy.maxWorkers; from++) {
            const runs = new Runs(policy, from);
            for (let run = 0; run < LONG && runs.workers === from; run++) runs.run(full);
            assert.ok(runs.workers > from, `${where}: from ${from} nothing leads up`);
          }
        }
      }
    });

    test(`${name}: without any load it comes back to the least, which is at least what ran before`, async () => {
      for (const { where, cores, candidate, policy } of await proposed) {
        assert.ok(policy.minWorkers >= candidate.workers);
        const runs = new Runs(policy, policy.maxWorkers);
        const most = LONG * (policy.maxWorkers - policy.minWorkers) + 1;
        for (let run = 0; run < most && runs.workers > policy.minWorkers; run++) {
          runs.run(byLoad(0, true, cores));
        }
        assert.equal(runs.workers, policy.minWorkers, where);
      }
    });

    test(`${name}: a load that stays does not make it go up and down`, async () => {
      for (const { where, cores, candidate, policy } of await proposed) {
        if (![1, 2, 5, 16].includes(cores) || ![1, 2, 8].includes(candidate.workers)) continue;
        const { minWorkers: min, maxWorkers: max } = policy;
        for (const isComputing of computes) {
          for (const share of [0.1, 0.3, 0.5, 0.62, 0.77, 1.1]) {
            for (const load of [share * min, min + share * (max - min)]) {
              const what = `${where}, a load of ${load} that ${isComputing ? 'computes' : 'waits'}`;
              const measure = byLoad(load, isComputing, cores);
              const runs = new Runs(policy, min);
              const counts = Array.from({ length: 60 }, () => {
                runs.run(measure);
                return runs.workers;
              });
              assertSettles(counts, policy.brakes?.adaptiveScaleDown === true, what);
            }
          }
        }
      }
    });
  }
});

/** It is not raised again after it was lowered; where a lowering may have to be taken back, each less often. */
function assertSettles(counts: readonly number[], isAdaptive: boolean, where: string): void {
  const ups = counts.flatMap((count, at) => (count > (counts[at - 1] ?? count) ? [at] : []));
  const firstDown = counts.findIndex((count, at) => count < (counts[at - 1] ?? count));
  const again = firstDown === -1 ? [] : ups.filter((at) => at > firstDown);
  // 60 runs are two hours: without that there would be one in 12 minutes
  const most = isAdaptive ? 4 : 0;
  assert.ok(
    again.length <= most,
    `${where}: raised again at ${again.join(', ')} of ${counts.join(' ')}`,
  );
}
