import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Candidate } from '../../../src/kinds/shared/proposal.ts';
import { found, proposedPolicy, Runs } from './proposed.ts';

const DAY_S = 86_400;
/** A task that is begun later than that is late. */
const LATE_S = 30;

/** Numbers from 0 to 1 that are the same each time (Numerical Recipes' linear congruential generator). */
function startRandom(): () => number {
  let state = 7;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** When tasks of so many seconds come, on a day that swings, with noise and bursts; four workers' worth on average. */
function makeArrivals(taskS: number, random: () => number): number[] {
  const arrivals: number[] = [];
  let [noise, noiseUntilS, burstUntilS] = [0, 0, 0];
  for (let s = 0; s < DAY_S;) {
    if (s >= noiseUntilS) {
      noise = 0.7 * noise + 0.45 * (random() * 2 - 1);
      noiseUntilS = s + 300;
      if (random() < 0.02) burstUntilS = s + 300 + random() * 900;
    }
    const swing = 1 + 0.7 * Math.sin((s / DAY_S) * 2 * Math.PI);
    const load = 3 * swing * Math.exp(noise) * (s < burstUntilS ? 3 : 1);
    s += (-Math.log(1 - random()) * taskS) / Math.max(0.05, load);
    arrivals.push(s);
  }
  return arrivals;
}

/** A pool that does one task after the other in the order in which they came. */
class Pool {
  late = 0;
  private begun = 0;
  private arrived = 0;
  private ends: number[] = [];
  readonly arrivals: readonly number[];
  readonly takeS: () => number;

  constructor(arrivals: readonly number[], takeS: () => number) {
    this.arrivals = arrivals;
    this.takeS = takeS;
  }

  look(): { queue_length: number; running_tasks: number } {
    return { queue_length: this.arrived - this.begun, running_tasks: this.ends.length };
  }

  advance(toS: number, workers: number): void {
    for (;;) {
      const endS = Math.min(...this.ends, Infinity);
      const arrivalS = this.arrivals[this.arrived] ?? Infinity;
      const s = Math.min(endS, arrivalS, toS);
      this.begin(s, workers);
      if (s === toS) return;
      if (s === endS) this.ends.splice(this.ends.indexOf(endS), 1);
      else this.arrived++;
      this.begin(s, workers);
    }
  }

  private begin(s: number, workers: number): void {
    while (this.ends.length < workers && this.begun < this.arrived) {
      if (s - this.arrivals[this.begun]! > LATE_S) this.late++;
      this.begun++;
      this.ends.push(s + this.takeS());
    }
  }
}

/** A day of a worker with 2 to 12 processes, by what init proposes for it. */
async function simulateDay(
  more: Partial<Candidate>,
  taskS: number,
  intervalS: number,
): Promise<{ latePercent: number; meanWorkers: number }> {
  const random = startRandom();
  const candidate = found({ kind: 'celery', workerClass: null, broker: 'redis://h/0', ...more });
  const policy = await proposedPolicy(candidate, 6);
  assert.deepEqual([policy.minWorkers, policy.maxWorkers], [2, 12]);
  const arrivals = makeArrivals(taskS, random);
  const pool = new Pool(arrivals, () => -Math.log(1 - random()) * taskS);
  const runs = new Runs(policy, 2, intervalS);
  let sum = 0;
  for (let s = 0; s < DAY_S; s += intervalS) {
    pool.advance(s, runs.workers);
    runs.run(() => ({ cpuPercent: 10, service: pool.look() }));
    sum += runs.workers;
  }
  const meanWorkers = sum / (DAY_S / intervalS);
  return { latePercent: (pool.late / arrivals.length) * 100, meanWorkers };
}

describe('a day of Celery tasks', () => {
  for (const intervalS of [30, 120]) {
    test(`every ${intervalS} s: by load, tasks of 20 s are not left waiting, nor is the pool always full`, async () => {
      const byLoad = await simulateDay({}, 20, intervalS);
      const byQueue = await simulateDay({ showsTasks: false }, 20, intervalS);
      assert.ok(byLoad.latePercent < byQueue.latePercent / 1.5, JSON.stringify([byLoad, byQueue]));
      assert.ok(byLoad.meanWorkers < 9, JSON.stringify(byLoad));
    });
  }
  test('short tasks are served as well as by steps of waiting tasks', async () => {
    const byLoad = await simulateDay({}, 2, 30);
    const byQueue = await simulateDay({ showsTasks: false }, 2, 30);
    assert.ok(byLoad.latePercent < byQueue.latePercent + 1, JSON.stringify([byLoad, byQueue]));
  });
});
