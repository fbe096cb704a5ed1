import { celeryPorts } from '../../src/kinds/celery/ports.ts';
import { gunicornPorts } from '../../src/kinds/gunicorn/ports.ts';
import { portOf } from '../../src/kinds/shared/port-of.ts';
import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import type { ActDeps } from '../../src/act/ports.ts';
import { startPatience } from '../../src/kinds/shared/patience.ts';
import { verifyService, type Verdict } from '../../src/act/verify.ts';
import type { KindName } from '../../src/model/types.ts';
import type { UnitState } from '../../src/model/unit-state.ts';
import { SERVICE, World } from './world.ts';

/** One look at the service, every half second; the last one stays. */
interface Look {
  unit?: Partial<UnitState>;
  pids?: number[];
  error?: string;
  /** workers that have not loaded their application */
  loading?: number[];
  /** the size of a Celery pool by its own word; missing: it cannot be asked */
  said?: number;
  /** processes of its group that the kernel has ended for lack of memory */
  kills?: number;
  /** its workers end after a number of requests (max_requests) */
  recycles?: true;
}

const GOOD: Look = { pids: [11, 12] };

/** Settles for 1 s, waits for 5 s, for loading applications 20 s. */
function verify(looks: Look[], kind: KindName = 'gunicorn', countable = true): Promise<Verdict> {
  const base = new World('/nowhere').deps();
  const unit = { loadState: 'loaded', activeState: 'active', subState: 'running', mainPid: 1 };
  let index = -1;
  const look = (): Look => looks[Math.min(index, looks.length - 1)] ?? {};
  const deps: ActDeps = {
    ...base,
    target: {
      ...base.target,
      readStates: () => {
        index += 1;
        const state = { ...unit, mainStartUs: 1, nRestarts: 0, result: null, ...look().unit };
        return Promise.resolve(new Map([[SERVICE, state as UnitState]]));
      },
    },
    brokerOf: (service) => (look().said === undefined ? null : base.brokerOf(service)),
    readOomKills: () => look().kills ?? null,
    findWorkerTree: () => {
      const { error, pids = [] } = look();
      return Promise.resolve(
        error === undefined
          ? { kind, masterPid: 1, masterStartTicks: 1, workerPids: pids }
          : { error },
      );
    },
  };
  portOf(celeryPorts, deps).control.ask = () => {
    const processes = Array.from({ length: look().said ?? 0 }, (_, pid) => pid + 1);
    return Promise.resolve({ replies: [{ pid: 1, pool: { processes } }] });
  };
  Object.assign(portOf(gunicornPorts, deps), {
    mayRecycle: () => Promise.resolve(look().recycles === true),
    hasBooted: (pid: number) => look().loading?.includes(pid) !== true,
  });
  const waiting = { patience: startPatience(false, deps), waited: null };
  return verifyService({ service: SERVICE, kind, workers: 2, countable }, deps, waiting);
}

const respawning = Array.from({ length: 40 }, (_, index) => ({ pids: [5, index + 10] }));

/** Each process ends with its task, and the next one is not there yet. */
const replacing = Array.from({ length: 40 }, (_, index) => ({ pids: [index + 10] }));

/** One worker after the other ends, and the next one takes its place. */
function recycling(show: (look: { pids: number[] }, index: number) => Look): Look[] {
  return Array.from({ length: 60 }, (_, index) => {
    const first = 10 + Math.floor(index / 2);
    return { recycles: true, ...show({ pids: [first, first + 1] }, index) };
  });
}

const CASES: {
  name: string;
  looks: Look[];
  kind?: KindName;
  countable?: boolean;
  why: RegExp | null;
}[] = [
  { name: 'active with all workers for the settle time', looks: [GOOD], why: null },
  {
    name: 'the kernel ends some of its processes for lack of memory meanwhile',
    looks: [
      { ...GOOD, kills: 2 },
      { ...GOOD, kills: 2 },
      { ...GOOD, kills: 5 },
    ],
    why: /^the OOM killer has ended 3 of its processes$/,
  },
  {
    name: 'its group is new, and the kernel has ended one of it already',
    looks: [
      { ...GOOD, kills: 2 },
      { ...GOOD, kills: 1 },
    ],
    why: /^the OOM killer has ended 1 of its processes/,
  },
  {
    name: 'what the kernel ended before does not count',
    looks: [{ ...GOOD, kills: 2 }],
    why: null,
  },
  {
    name: 'workers that come up one by one',
    looks: [{ error: 'no master yet' }, { pids: [11] }, GOOD],
    why: null,
  },
  {
    name: 'a daemon of a oneshot, of which systemd knows no main process',
    looks: [{ ...GOOD, unit: { subState: 'exited', mainPid: null } }],
    why: null,
  },
  {
    name: 'no main process, and no workers that could be counted',
    looks: [{ unit: { subState: 'exited', mainPid: null } }],
    countable: false,
    why: /the service is active \(exited\)/,
  },
  {
    name: 'one worker too few to the end',
    looks: [{ pids: [11] }],
    why: /1 worker running, expected 2/,
  },
  {
    name: 'one too many to the end',
    looks: [{ pids: [1, 2, 3] }],
    why: /3 workers running, expected 2/,
  },
  {
    name: 'a failed unit is a failure at once',
    looks: [{ unit: { activeState: 'failed', subState: 'failed', result: 'exit-code' } }, GOOD],
    why: /the service is failed \(failed, result exit-code\)/,
  },
  {
    name: 'a unit that is gone',
    looks: [{ unit: { loadState: 'masked' } }],
    why: /the unit is masked/,
  },
  {
    name: 'systemd restarts it again and again',
    looks: Array.from({ length: 40 }, (_, index) => ({ ...GOOD, unit: { nRestarts: index } })),
    why: /does not settle within 5 s/,
  },
  {
    name: 'the main process changes again and again',
    looks: Array.from({ length: 40 }, (_, index) => ({ ...GOOD, unit: { mainPid: index } })),
    why: /does not settle/,
  },
  {
    name: 'a Gunicorn master that replaces workers which die at their start',
    looks: respawning,
    why: /a worker died .* after its start/,
  },
  {
    name: 'workers that load their application for longer than others take to start',
    looks: [...Array.from({ length: 20 }, () => ({ ...GOOD, loading: [12] })), GOOD],
    why: null,
  },
  {
    name: 'workers that never come to serve',
    looks: [{ ...GOOD, loading: [11, 12] }],
    why: /^2 of 2 workers do not serve yet$/,
  },
  {
    name: 'workers that die while they load, later than the settle time, and are replaced',
    looks: Array.from({ length: 60 }, (_, index) => {
      const pids = [2 * Math.floor(index / 4), 2 * Math.floor(index / 4) + 1];
      return index % 4 === 0 ? { pids: [] } : { pids, loading: pids };
    }),
    why: /keep dying while they load/,
  },
  {
    name: 'a Celery pool that recycles its children is healthy',
    looks: respawning,
    kind: 'celery',
    why: null,
  },
  {
    name: 'so is one of which some are missing at each moment, as it says itself',
    looks: replacing.map((look) => ({ ...look, said: 2 })),
    kind: 'celery',
    why: null,
  },
  {
    name: 'where it does not say, the most that ran at once count',
    looks: replacing.map((look, index) => (index % 2 === 0 ? look : { pids: [100, 101] })),
    kind: 'celery',
    why: null,
  },
  {
    name: 'a Celery pool that has more than are to be seen, as it says itself',
    looks: replacing.map((look) => ({ ...look, said: 3 })),
    kind: 'celery',
    why: /3 workers running, expected 2/,
  },
  {
    name: 'a Gunicorn worker that is recycled after it has served for the settle time',
    looks: [{ pids: [1] }, { pids: [1] }, { pids: [1] }, { pids: [1, 2] }, { pids: [2, 3] }],
    why: null,
  },
  {
    name: 'Gunicorn workers that end after some requests (max_requests), the next one loading at each other look',
    looks: recycling(({ pids }, index) =>
      index % 2 === 0 ? { pids, loading: pids.slice(1) } : { pids },
    ),
    why: null,
  },
  {
    name: 'so are those that are not there yet',
    looks: recycling(({ pids }, index) => ({ pids: index % 2 === 0 ? pids.slice(0, 1) : pids })),
    why: null,
  },
  {
    name: 'so are those that end soon after their start, as under a heavy load',
    looks: respawning.map((look): Look => ({ ...look, recycles: true })),
    why: null,
  },
  {
    name: 'one that ended does not stand for one that was never seen to serve',
    looks: recycling(({ pids }) => ({ pids: [pids[0]!, 99], loading: [99] })),
    why: /^1 of 2 workers does not serve yet$/,
  },
  {
    name: 'nor for ever: what has ended has to be replaced',
    looks: [
      { ...GOOD, recycles: true },
      ...Array.from({ length: 40 }, (): Look => ({ pids: [], recycles: true })),
    ],
    why: /0 workers running, expected 2/,
  },
  {
    name: 'threads cannot be counted: the rest is verified',
    looks: [{}],
    countable: false,
    why: null,
  },
  {
    name: 'waits while the service is starting',
    looks: [{ unit: { activeState: 'activating' } }, { unit: { activeState: 'activating' } }, GOOD],
    why: null,
  },
];

describe('verifyService', () => {
  for (const { name, looks, kind, countable = true, why } of CASES) {
    test(name, async () => {
      const verdict = await verify(looks, kind, countable);
      if (why === null) assert.deepEqual(verdict, { ok: true, running: countable ? 2 : null });
      else assert.match('why' in verdict ? verdict.why : 'it serves', why);
    });
  }
});
