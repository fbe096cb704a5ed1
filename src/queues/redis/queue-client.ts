import type { QueueClient } from '../queue.ts';
import type { RedisBroker } from './broker.ts';
import { readLengths } from './lengths.ts';

/** What an idle run does not need is loaded on demand. */
export const client: QueueClient<RedisBroker> = {
  readLengths,
  sendControl: async (...of) => (await import('./control.ts')).sendControl(...of),
  listBoundQueues: async (...of) => (await import('./bindings.ts')).listBoundQueues(...of),
};
