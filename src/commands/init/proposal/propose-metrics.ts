import type { Candidate, ProposedMetric, Reasons } from './types.ts';

/**
 * Busyness above which some more, and all that may be, are wanted, in percent. A service whose workers are all in a
 * request is at 100 whatever their number, so both are in reach from any. At 60 % of 2 workers 45 of 100 requests find
 * both busy (Erlang C). The 25 points to the top are for single looks, which stray by up to 20 (docs/metrics.md).
 */
const BUSY = { some: 60, all: 75 };
/** What is left below an up threshold, so that what is lowered is not raised again: two thirds of it remain. */
const ROOM = 2 / 3;
/** Connections that wait for a worker at one instant; a listening socket holds hundreds (`listen(2)`, Gunicorn: 2048). */
const BACKLOG = { some: 5, all: 20 };
/** Percent of the host's CPU above which nothing is taken away: what is slow then is not idle. */
const BRAKE = 80;
/** Percent of a processor for each worker, of what they can have: a loop that computes 70 % of the time answers late. */
const COMPUTES = 70;
/** Waiting and running tasks for each worker of a Celery pool, in percent: 100 is one that runs for each, and none waits. */
const LOAD = { some: 150, all: 300 };
/** Waiting tasks for each worker: the users' own thresholds (4 at 10, 6 at 20, 12 at 50), measured on 13 recorded loads. */
const TASKS_EACH = 5;

/** Where a service stands when it is asked what it should go by. */
export interface Room {
  cores: number;
  min: number;
  max: number;
}

/**
 * What a service should go by, and the thresholds: from each number of workers below `max` one is in reach by its own
 * load, and none lowers what another one raises again. `test/commands/init/reach.test.ts` holds that against a simulation.
 */
export function proposeReasons(candidate: Candidate, room: Room): Reasons {
  const { kind, broker, workerClass, hasCpu, showsTasks } = candidate;
  if (kind === 'celery') {
    const isLive = candidate.obstacle === null;
    if (broker !== null) return showsTasks ? goByLoad(room, isLive) : goByQueue(room, isLive);
    return hasCpu ? goByOwnCpu(room) : goByHostCpu(room);
  }
  const { unseen = [] } = candidate;
  const hasBacklog = !unseen.includes('backlog');
  if ((workerClass === 'sync' || workerClass === 'gthread') && !unseen.includes('busy')) {
    return goByBusyness(room, hasBacklog);
  }
  if (hasBacklog) return goByBacklog(room, hasCpu);
  return hasCpu ? goByOwnCpu(room) : goByHostCpu(room);
}

/** Sync and gthread workers: seen from outside, whether they compute or wait for a database. */
function goByBusyness({ min, max }: Room, hasBacklog: boolean): Reasons {
  return {
    by: hasBacklog ? 'by busy workers and waiting connections' : 'by busy workers',
    metrics: [
      {
        key: 'busy_thresholds',
        thresholds: { ...climb(min, max, BUSY), [`scale_down_${min}`]: below(BUSY.some, min) },
        why: 'percent of its workers that are in a request: above for 2 minutes more workers, below for 10 one fewer',
      },
      ...(hasBacklog ? [backlog(min, max)] : []),
      brake(min),
    ],
    maxStep: { scale_down: 1 },
  };
}

/**
 * Workers that serve any number of requests at once. One computes on one processor, so by their CPU no more are wanted
 * than there are processors; beyond that only a backlog tells that they are too few (a loop that is blocked, or
 * `--worker-connections` reached). A lowering by it may have to be taken back, for which there is adaptive_scale_down.
 */
function goByBacklog({ cores, min, max }: Room, hasCpu: boolean): Reasons {
  const top = Math.min(max, cores);
  // what each has at most, where all that may be compute all the time
  const full = 100 * Math.min(1, cores / max);
  const down = floor(Math.min(below(COMPUTES, min), full / 2));
  const cpu: ProposedMetric = {
    key: 'service_cpu_thresholds',
    thresholds: {
      ...(top > min && { [`scale_up_${top}`]: COMPUTES }),
      [`scale_down_${min}`]: down,
    },
    why: 'CPU that it uses, percent of a processor for each worker',
  };
  return {
    by: hasCpu ? 'by waiting connections and its own CPU' : 'by waiting connections',
    metrics: [backlog(min, max), ...(hasCpu ? [cpu] : []), brake(min)],
    maxStep: { scale_down: 1 },
    adaptive: true,
  };
}

/**
 * A Celery worker by its waiting and running tasks for each worker: above 150 % half of them wait, above 300 % two for
 * each. What is lowered leaves each at most two thirds busy, so how long tasks take does not matter. The first sample
 * counts, where a change restarts nothing. `test/commands/init/celery.test.ts` has it against steps of waiting tasks.
 */
function goByLoad({ min, max }: Room, isLive: boolean): Reasons {
  const step = Math.max(1, Math.min(Math.floor(min / 2), Math.ceil((max - min) / 4)));
  return {
    by: 'by the tasks that wait in',
    metrics: [
      {
        key: 'queue_thresholds',
        thresholds: { ...climb(min, max, LOAD), [`scale_down_${min}`]: below(100, min, step) },
        why: `waiting and running tasks for each worker, in percent: ${tellDurations(isLive)}`,
      },
    ],
    queueMetric: 'load',
    minutes: queueMinutes(isLive),
    maxStep: { scale_down: step },
  };
}

/**
 * Where the tasks that run do not show: by those that wait alone, five a worker of the step below. An empty queue does
 * not say how much is done, so a lowering may have to be taken back, for which there is adaptive_scale_down.
 */
function goByQueue({ min, max }: Room, isLive: boolean): Reasons {
  const thresholds: Record<string, number> = {};
  for (let from = min; from < max;) {
    const to = Math.min(max, from * 2);
    thresholds[`scale_up_${to}`] = from * TASKS_EACH;
    from = to;
  }
  thresholds[`scale_down_${min}`] = min;
  return {
    by: 'by the tasks that wait in',
    metrics: [
      { key: 'queue_thresholds', thresholds, why: `tasks that wait: ${tellDurations(isLive)}` },
    ],
    minutes: queueMinutes(isLive),
    maxStep: { scale_down: 1 },
    adaptive: true,
  };
}

/** Where a change restarts nothing, the first sample that shows a queue counts; a restart is worth the usual durations. */
function queueMinutes(isLive: boolean): NonNullable<Reasons['minutes']> {
  const minutes = isLive ? { scale_up: 0, scale_down: 5 } : { scale_up: 2, scale_down: 10 };
  return { key: 'queue_duration_minutes', minutes };
}

function tellDurations(isLive: boolean): string {
  return isLive
    ? 'above at once more workers, below for 5 minutes fewer'
    : 'above for 2 minutes more workers, below for 10 fewer';
}

/**
 * Without its broker, or its sockets, only what it uses is known. All its processes share the processors, so the more there are, the less
 * each can have: one threshold for all, in reach of the most.
 */
function goByOwnCpu({ cores, min, max }: Room): Reasons {
  const full = 100 * Math.min(1, cores / (max - 1));
  const up = floor(Math.min(COMPUTES, full * 0.8));
  return {
    by: 'by its own CPU',
    metrics: [
      {
        key: 'service_cpu_thresholds',
        thresholds: { [`scale_up_${max}`]: up, [`scale_down_${min}`]: below(up, min) },
        why: 'CPU that it uses, percent of a processor for each worker: above for 2 minutes more workers, below for 10 one fewer',
      },
    ],
    maxStep: { scale_up: Math.ceil((max - min) / 2), scale_down: 1 },
  };
}

/** Where systemd does not count the CPU of services either: that of the host, as far as the fewest workers fill it. */
function goByHostCpu({ cores, min, max }: Room): Reasons {
  const full = 100 * Math.min(1, min / cores);
  const up = floor(Math.min(COMPUTES, full * 0.8));
  return {
    by: "by the host's CPU",
    metrics: [
      {
        key: 'cpu_thresholds',
        thresholds: { [`scale_up_${max}`]: up, [`scale_down_${min}`]: below(up, min) },
        why: "percent of the host's CPU: above for 2 minutes more workers, below for 10 one fewer",
      },
    ],
    maxStep: { scale_up: Math.ceil((max - min) / 2), scale_down: 1 },
  };
}

function backlog(min: number, max: number): ProposedMetric {
  return {
    key: 'backlog_thresholds',
    thresholds: { ...climb(min, max, BACKLOG), [`scale_down_${min}`]: 1 },
    why: 'connections that wait for a worker',
  };
}

/** It has no way up: a threshold to fewer alone has to agree before anything is lowered. */
function brake(min: number): ProposedMetric {
  return {
    key: 'cpu_thresholds',
    thresholds: { [`scale_down_${min}`]: BRAKE },
    why: `the host's CPU is a brake alone: nothing is taken away while it is above ${BRAKE} %`,
  };
}

/** Half way, then all the way up. */
function climb(min: number, max: number, at: typeof BUSY): Record<string, number> {
  const middle = Math.ceil((min + max) / 2);
  if (middle === max) return { [`scale_up_${max}`]: at.some };
  return { [`scale_up_${middle}`]: at.some, [`scale_up_${max}`]: at.all };
}

/**
 * The threshold to fewer below one to more: the load of those that go, so many at once, falls upon the others, of which
 * there are at least `min`.
 */
function below(up: number, min: number, step = 1): number {
  return floor((up * ROOM * min) / (min + step));
}

/** Down to a whole number, or a tenth where that says more; never 0, below which nothing is. */
function floor(value: number): number {
  return value >= 10 ? Math.floor(value) : Math.max(0.1, Math.floor(value * 10) / 10);
}
