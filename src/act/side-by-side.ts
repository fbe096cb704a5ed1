/** How many changes are worked on at once. */
const PLACES = 4;
/**
 * How long a change keeps its place without getting on, longer than a service is watched that serves. Then it only waits
 * for its service (an application that hangs while it loads, say), and its place goes to the next one.
 */
const PATIENCE_MS = 4_000;
/** How long it keeps it at most, whatever it does: an application may compute for ever while it loads. */
const LONGEST_MS = 12_000;
/**
 * How many may be under way, with a place or without: twelve that compute or have a place, since applications that load
 * beside one another slow each other down, or some more that only wait. Where more hang, something that they share is
 * likely to be the cause (a database, the host): then no further service is touched until one of these has ended.
 *
 * That is for the services of one owner. For those of all others together there is room for four more, so that nobody
 * keeps them from their turn, whatever his own do.
 */
const MOST_OF_ONE = 36;
const MOST = 48;
const WEIGHTS = { waits: 2, computes: 3 };

export interface Limits {
  places: number;
  patienceMs: number;
  longestMs: number;
  /** the sum of the weights of all that is under way, and of what one owner has of it */
  most: number;
  mostOfOne: number;
}

/** A piece of work on one service. */
export interface Job<T> {
  /** the service by its own name */
  unit: string;
  /** units that systemd restarts or stops together with it */
  touches?: ReadonlySet<string>;
  /** whose it is; default: nobody else's */
  owner?: string;
  /** `getsOn` is to be called when it gets on, so that it keeps its place for a while longer */
  work: (getsOn: () => void) => Promise<T>;
}

/** Work on different services, side by side. */
export interface SideBySide {
  /**
   * Begins it when there is a place: those first whose owner has least under way, then in the order in which jobs were
   * added. Jobs of one service, and of services of which one is restarted with the other, run one after the other; those
   * behind them need not wait.
   */
  add: <T>(job: Job<T>) => Promise<T>;
  /** resolves when nothing can be begun, and whatever is under way (if anything) only waits for its service */
  calm: () => Promise<void>;
  /** the same as a question: since when, milliseconds of `performance.now()`; null: it is not so */
  calmSinceMs: () => number | null;
  /** resolves when nothing is under way or to be begun */
  ended: () => Promise<void>;
}

interface Entry {
  unit: string;
  touches: ReadonlySet<string>;
  owner: string;
  begin: () => void;
}

interface Running extends Entry {
  /** null: it has a place; else it is overdue, and weighs this */
  weight: number | null;
  timer: NodeJS.Timeout | undefined;
}

/** Makes room for work side by side. */
export function openSideBySide(limits: Partial<Limits> = {}): SideBySide {
  const { places = PLACES, patienceMs = PATIENCE_MS } = limits;
  const { longestMs = LONGEST_MS, most = MOST, mostOfOne = MOST_OF_ONE } = limits;
  const queue: Entry[] = [];
  const running = new Set<Running>();
  const waiters: { isDone: () => boolean; resolve: () => void }[] = [];
  let calmSinceMs: number | null = null;

  /** Whether it may be under way beside what is: each of these can give its place up at any time. */
  const hasRoom = ({ owner }: Entry): boolean => {
    const own = [...running].filter((other) => other.owner === owner);
    const isLess = (of: Iterable<Running>, limit: number): boolean =>
      weigh(of) + WEIGHTS.computes <= limit;
    return isLess(own, mostOfOne) && isLess(running, most);
  };

  const findNext = (): Entry | undefined => {
    if ([...running].filter(({ weight }) => weight === null).length >= places) return undefined;
    const underWay = ({ owner }: Entry): number =>
      [...running].filter((other) => other.owner === owner).length;
    return queue
      .filter((entry) => hasRoom(entry) && ![...running].some((other) => areRelated(entry, other)))
      .sort((a, b) => underWay(a) - underWay(b))[0];
  };

  /** After whatever has happened: work is begun, and who waits for that hears of it. */
  const update = (): void => {
    for (let entry = findNext(); entry !== undefined; entry = findNext()) {
      queue.splice(queue.indexOf(entry), 1);
      entry.begin();
    }
    const isCalm = [...running].every(({ weight }) => weight !== null);
    calmSinceMs = isCalm ? (calmSinceMs ?? performance.now()) : null;
    for (const waiter of waiters.filter(({ isDone }) => isDone())) {
      waiters.splice(waiters.indexOf(waiter), 1);
      waiter.resolve();
    }
  };

  const begin = <T>(entry: Entry, work: Job<T>['work']): Promise<T> => {
    const own: Running = { ...entry, weight: null, timer: undefined };
    const beginMs = performance.now();
    const getsOn = (): void => {
      clearTimeout(own.timer);
      if (!running.has(own) || own.weight !== null) return;
      const leftMs = beginMs + longestMs - performance.now();
      const weight = leftMs < patienceMs ? WEIGHTS.computes : WEIGHTS.waits;
      own.timer = setTimeout(
        () => {
          own.weight = weight;
          update();
        },
        Math.min(patienceMs, leftMs),
      );
    };
    running.add(own);
    getsOn();
    return (async () => work(getsOn))().finally(() => {
      running.delete(own);
      clearTimeout(own.timer);
      update();
    });
  };

  const when = (isDone: () => boolean): Promise<void> =>
    isDone() ? Promise.resolve() : new Promise((resolve) => waiters.push({ isDone, resolve }));

  return {
    add: (job) =>
      new Promise((resolve, reject) => {
        const { unit, touches = NONE, owner = unit, work } = job;
        const entry: Entry = {
          ...{ unit, touches, owner },
          begin: () => void begin(entry, work).then(resolve, reject),
        };
        queue.push(entry);
        update();
      }),
    calm: () => when(() => calmSinceMs !== null || running.size === 0),
    calmSinceMs: () => calmSinceMs,
    ended: () => when(() => running.size === 0),
  };
}

const NONE: ReadonlySet<string> = new Set();

/** Whether two must not be changed at the same time: they are one service, or one is restarted with the other. */
function areRelated(a: Entry, b: Entry): boolean {
  return a.unit === b.unit || a.touches.has(b.unit) || b.touches.has(a.unit);
}

/** What has a place may turn out to be one that computes. */
function weigh(running: Iterable<Running>): number {
  return [...running].reduce((sum, { weight }) => sum + (weight ?? WEIGHTS.computes), 0);
}
