import type { Proposals } from '../kind.ts';
import {
  below,
  climb,
  goByHostCpu,
  goByOwnCpu,
  type Reasons,
  type Room,
} from '../shared/proposal.ts';
import { findBroker, findQueues } from './find-broker.ts';
import { isOfProcesses } from './pool.ts';

/** Waiting and running tasks for each worker of a Celery pool, in percent: 100 is one that runs for each, and none waits. */
const LOAD = { some: 150, all: 300 };
/** Waiting tasks for each worker: the users' own thresholds (4 at 10, 6 at 20, 12 at 50), measured on 13 recorded loads. */
const TASKS_EACH = 5;
/** Celery's own default (`task_default_queue`). */
const USUAL_QUEUES = ['celery'];

/** What `init` proposes for a Celery worker. */
export const celeryProposals: Proposals = {
  survey: ({ words, argv, variables, pool, hasWorkers, guessBroker }) => {
    const broker = findBroker(words, variables);
    return {
      ...{ workerClass: null, bind: null, broker },
      guess: broker === null ? guessBroker() : null,
      queues: findQueues(words) ?? findQueues(argv) ?? USUAL_QUEUES,
      // the app itself may set another pool than the command line, which shows in its processes alone
      showsTasks: isOfProcesses(pool) && hasWorkers,
    };
  },
  // one for each processor, and as many that wait
  mostWorkers: (cores) => 2 * cores,
  leastWorkers: () => 1,
  whyLeast: null,
  proposeReasons: ({ broker, hasCpu, showsTasks, obstacle }, room) => {
    const isLive = obstacle === null;
    if (broker !== null) return showsTasks ? goByLoad(room, isLive) : goByQueue(room, isLive);
    return hasCpu ? goByOwnCpu(room) : goByHostCpu(room);
  },
  lacksBroker: ({ broker }) => broker === null,
};

/**
 * A Celery worker by its waiting and running tasks for each worker: above 150 % half of them wait, above 300 % two for
 * each. What is lowered leaves each at most two thirds busy, so how long tasks take does not matter. The first sample
 * counts, where a change restarts nothing. `test/commands/init/celery.test.ts` has it against steps of waiting tasks.
 */
function goByLoad({ min, max }: Room, isLive: boolean): Reasons {
  const step = Math.max(1, Math.min(Math.floor(min / 2), Math.ceil((max - min) / 4)));
  return {
    by: 'by the tasks waiting in',
    metrics: [
      {
        key: 'queue_thresholds',
        thresholds: { ...climb(min, max, LOAD), [`scale_down_${min}`]: below(100, min, step) },
        why: `waiting and running tasks per worker, in percent: ${tellDurations(isLive)}`,
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
    by: 'by the tasks waiting in',
    metrics: [
      { key: 'queue_thresholds', thresholds, why: `waiting tasks: ${tellDurations(isLive)}` },
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
    ? 'above: more workers at once; below for 5 minutes: fewer'
    : 'above for 2 minutes: more workers; below for 10: fewer';
}
