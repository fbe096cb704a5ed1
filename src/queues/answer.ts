import type { Broker } from './broker.ts';

/** What a broker answers for one queue; `missing`: it has none of that name. */
export type QueueAnswer = number | 'missing' | { error: string };

/** What a broker is asked for one project. */
export interface BrokerRequest {
  broker: Broker;
  queues: string[];
  wantsUnacked: boolean;
}

/** What it answers. */
export interface BrokerAnswer {
  queues: Map<string, QueueAnswer>;
  unacked?: number | { error: string };
}
