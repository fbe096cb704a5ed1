import { setTimeout as sleep } from 'node:timers/promises';
import { measureError, type MeasureError } from '../../model/measure-error.ts';
import { enterPhase } from '../../host/phase.ts';
import { monotonicMs } from '../../host/monotonic.ts';
import type { Busyness, BusyRequest, WatchedServices } from '../load.ts';
import { openPool, type Pool } from './busy-pool.ts';
import { readListenersOnce, tellUnseen, type ReadListeners } from '../../host/sockets/listeners.ts';

/** How long (ms) workers are looked at, and how far apart two looks are, on average. */
const WINDOW_MS = 1000;
const STEP_MS = 20;
/** How long all looks at all services may take, milliseconds: what was not seen by then is not known. */
const LIMIT_MS = 10_000;
/** A look may take this share of a processor: many sockets make for fewer looks, and a busy machine does not. */
const MOST_COST = 0.1;

/**
 * How busy Gunicorn services are: the mean of many looks within a second, all services side by side. What is idle is
 * known without waiting. `read`: what they listen on is found by.
 */
export async function measureBusyness(
  requests: readonly BusyRequest[],
  read: ReadListeners = readListenersOnce(requests.map(({ masterPid }) => masterPid)),
): Promise<WatchedServices> {
  const results = new Map<string, Busyness>();
  const idle = new Set<string>();
  let watched: Watched[] = [];
  const lateMs = monotonicMs() + LIMIT_MS;
  for (const request of requests) {
    const { service } = request;
    if (monotonicMs() > lateMs) {
      results.set(service, TOO_LATE);
      continue;
    }
    enterPhase(`measuring ${service}: looking at what its workers do`);
    const pool = seen(() => openPool(request, read));
    const isIdle = 'code' in pool ? pool : seen(() => pool.hasBeenIdle(WINDOW_MS, Date.now()));
    if (isIdle === true) idle.add(service);
    if (typeof isIdle === 'object') results.set(service, isIdle);
    else if (isIdle) results.set(service, 0);
    else watched.push({ service, look: (pool as Pool).look, shares: [] });
  }
  const endMs = monotonicMs() + WINDOW_MS;
  while (watched.length > 0) {
    const before = process.cpuUsage();
    watched = watched.filter(({ service, look, shares }) => {
      if (monotonicMs() > lateMs) return true;
      enterPhase(`measuring ${service}: looking at what its workers do`);
      const share = seen(look);
      if (typeof share === 'object' && share !== null) results.set(service, share);
      else if (share !== null) shares.push(share);
      return typeof share !== 'object' || share === null;
    });
    const leftMs = endMs - monotonicMs();
    if (leftMs <= 0) break;
    const { user, system } = process.cpuUsage(before);
    // never in step with what it looks at
    const pauseMs = STEP_MS * (0.5 + Math.random());
    await sleep(Math.min(leftMs, Math.max(pauseMs, (user + system) / 1000 / MOST_COST)));
  }
  const isLate = monotonicMs() > lateMs;
  for (const { service, shares } of watched) {
    results.set(service, isLate && shares.length === 0 ? TOO_LATE : average(shares));
  }
  return { busyness: results, idle };
}

const TOO_LATE = measureError(
  'unseen',
  `what its workers do was not looked at within ${LIMIT_MS / 1000} s`,
);

interface Watched {
  service: string;
  look: Pool['look'];
  shares: number[];
}

function average(shares: readonly number[]): Busyness {
  if (shares.length === 0) return measureError('no_workers', 'its workers have just ended');
  const sum = shares.reduce((total, share) => total + share, 0);
  return Math.round((sum / shares.length) * 1000) / 10;
}

/** What a reading of /proc gives, or in plain words why it gives nothing. */
function seen<T>(read: () => T): T | MeasureError {
  try {
    return read();
  } catch (error) {
    return measureError('unseen', tellUnseen('what its workers do', error));
  }
}
