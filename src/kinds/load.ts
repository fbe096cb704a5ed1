import type { ReadListeners } from '../host/sockets/listeners.ts';
import type { MeasureError } from '../model/measure-error.ts';
import type { Concurrency } from './gunicorn/concurrency.ts';

/** The workers of one service. */
export interface BusyRequest {
  service: string;
  masterPid: number;
  workerPids: readonly number[];
  /** how its workers serve requests, as far as is known; null: nothing is known, or they are no Gunicorn's */
  concurrency: Concurrency | null;
}

/** Percent of what a service's workers can do at once that is in a request. */
export type Busyness = number | MeasureError;

/** How busy services are, by name; `idle`: those whose workers have all waited for a connection for a second. */
export interface WatchedServices {
  busyness: Map<string, Busyness>;
  idle: Set<string>;
}

/** How busy the workers of services are, as it shows from outside, all side by side. `read`: what they listen on is found by. */
export type MeasureBusyness = (
  requests: readonly BusyRequest[],
  read: ReadListeners,
) => Promise<WatchedServices>;
