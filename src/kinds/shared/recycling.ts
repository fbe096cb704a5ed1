/** What a look at a Gunicorn service shows of its workers. */
interface Seen {
  workerPids: readonly number[];
  /** those that have loaded their application, as far as that can be seen */
  serving: readonly number[];
  /** all are there and serve */
  isComplete: boolean;
  nowMs: number;
  /** how long a new one may take to load */
  bootMs: number;
}

export interface Recycling {
  /** whether a worker that is gone had served before */
  hasServed: (pid: number) => boolean;
  /**
   * Whether the missing ones are being replaced: since all were seen to serve, at least as many that had served have
   * ended, and a new one may still be loading
   */
  explains: (seen: Seen) => boolean;
}

/**
 * Workers of Gunicorn end by themselves after `max_requests` requests, and new ones take their places: a busy service may
 * never stand still. If a worker that has served ends and the next one loads, that is then no fault.
 */
export function watchRecycling(expected: number): Recycling {
  let served = new Set<number>();
  let ended = 0;
  let completeMs = -Infinity;
  return {
    hasServed: (pid) => served.has(pid),
    explains: ({ workerPids, serving, isComplete, nowMs, bootMs }) => {
      ended += [...served].filter((pid) => !workerPids.includes(pid)).length;
      served = new Set([...served, ...serving].filter((pid) => workerPids.includes(pid)));
      if (isComplete) {
        completeMs = nowMs;
        ended = 0;
      }
      if (nowMs - completeMs > bootMs || workerPids.length > expected) return false;
      return serving.length + ended >= expected;
    },
  };
}
