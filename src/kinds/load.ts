import type { BootTime } from '../host/clock.ts';
import type { ReadListeners } from '../host/sockets/listeners.ts';
import { cleanText } from '../model/clean-text.ts';
import { measureError, type MeasureError } from '../model/measure-error.ts';
import type { HistoryEntry, ServiceSample } from '../model/types.ts';
import type { BrokerSettings } from '../queues/queue.ts';
import type { Concurrency } from './shared/concurrency.ts';

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

/** What the drain time of a service is computed from. */
export interface DrainInput {
  service: string;
  settings: BrokerSettings;
  /** the main process of a service that runs tasks; null: it has none */
  masterPid: number | null;
  history: readonly HistoryEntry[];
  now: BootTime;
  /** until when it may take, on the clock of `monotonicMs` */
  deadline: number;
}

/** A service's sample with the counter of its tasks, rates and drain time; what cannot be had is null, with its error. */
export type MeasureDrain = (found: ServiceSample, input: DrainInput) => Promise<ServiceSample>;

/** A sample without them, and why. */
export function withoutDrain(found: ServiceSample, why: MeasureError): ServiceSample {
  const text = cleanText(`its tasks cannot be counted: ${why.text}`);
  const errors = { ...found.errors, drain_time_s: measureError(why.code, text) };
  const rates = { arrival_rate: null, completion_rate: null, drain_time_s: null };
  return { ...found, tasks_total: null, ...rates, errors };
}
