import type { Proposals } from '../kind.ts';
import {
  below,
  climb,
  COMPUTES,
  floor,
  goByHostCpu,
  goByOwnCpu,
  type ProposedMetric,
  type Reasons,
  type Room,
} from '../shared/proposal.ts';
import { classOfWorkers } from './concurrency.ts';
import { findBind } from './find-bind.ts';

/**
 * Busyness above which some more, and all that may be, are wanted, in percent. A service whose workers are all in a
 * request is at 100 whatever their number, so both are in reach from any. At 60 % of 2 workers 45 of 100 requests find
 * both busy (Erlang C). The 25 points to the top are for single looks, which stray by up to 20 (docs/metrics.md).
 */
const BUSY = { some: 60, all: 75 };
/** Connections that wait for a worker at one instant; a listening socket holds hundreds (`listen(2)`, Gunicorn: 2048). */
const BACKLOG = { some: 5, all: 20 };
/** Percent of the host's CPU above which nothing is taken away: what is slow then is not idle. */
const BRAKE = 80;
/**
 * A single sync worker does one request at a time, so that a slow one blocks the site for everybody.
 * https://docs.gunicorn.org/en/stable/design.html#sync-workers
 */
const LEAST_SYNC = 2;

/** What `init` proposes for a Gunicorn. */
export const gunicornProposals: Proposals = {
  survey: ({ words, concurrency }) => ({
    workerClass: concurrency === null ? 'unknown' : classOfWorkers(concurrency),
    bind: findBind(words),
    ...{ broker: null, guess: null, queues: [], showsTasks: false },
  }),
  // Gunicorn: "2 x $num_cores + 1 to start off with"
  mostWorkers: (cores) => 2 * cores + 1,
  leastWorkers: ({ workerClass }) => (workerClass === 'sync' ? LEAST_SYNC : 1),
  whyLeast: {
    config: 'one slow request blocks a single sync worker, so at least two; the first run adds one',
    report: 'one slow request blocks a single sync worker',
  },
  proposeReasons: ({ workerClass, hasCpu, unseen = [] }, room) => {
    const hasBacklog = !unseen.includes('backlog');
    if ((workerClass === 'sync' || workerClass === 'gthread') && !unseen.includes('busy')) {
      return goByBusyness(room, hasBacklog);
    }
    if (hasBacklog) return goByBacklog(room, hasCpu);
    return hasCpu ? goByOwnCpu(room) : goByHostCpu(room);
  },
  lacksBroker: () => false,
};

/** Sync and gthread workers: seen from outside, whether they compute or wait for a database. */
function goByBusyness({ min, max }: Room, hasBacklog: boolean): Reasons {
  return {
    by: hasBacklog ? 'by busy workers and waiting connections' : 'by busy workers',
    metrics: [
      {
        key: 'busy_thresholds',
        thresholds: { ...climb(min, max, BUSY), [`scale_down_${min}`]: below(BUSY.some, min) },
        why: 'percent of its workers that are in a request: above for 2 minutes: more workers; below for 10: one fewer',
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
    why: 'its own CPU, percent of a processor per worker',
  };
  return {
    by: hasCpu ? 'by waiting connections and its own CPU' : 'by waiting connections',
    metrics: [backlog(min, max), ...(hasCpu ? [cpu] : []), brake(min)],
    maxStep: { scale_down: 1 },
    adaptive: true,
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
    why: `the host's CPU only acts as a brake: nothing is lowered while it is above ${BRAKE} %`,
  };
}
