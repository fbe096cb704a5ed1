import type { QueueClient } from '../queue.ts';
import type { RabbitBroker } from './broker.ts';
import { readLengths } from './lengths.ts';

/** AMQP does not list bindings. */
export const client: QueueClient<RabbitBroker> = {
  readLengths,
  sendControl: async (...of) => (await import('./control.ts')).sendControl(...of),
  listBoundQueues: () => Promise.resolve([]),
};
