import { BrokerRefusal } from '../../queues/broker-error.ts';
import type { KindDeps } from '../ports.ts';
import { readNodeName } from './node.ts';

/** How long a worker may take to answer: its event loop is held up only by its own work. */
const ANSWER_MS = 3000;

/** A command of Celery's remote control. */
export interface ControlCommand {
  method:
    | 'stats'
    | 'pool_grow'
    | 'pool_shrink'
    | 'active_queues'
    | 'cancel_consumer'
    | 'reserved'
    | 'ping';
  arguments: Record<string, number | string>;
}

/** What came back within the time limit, one answer per worker of that name (none: no worker has acted on the command). */
export type ControlAnswer =
  | { replies: unknown[] }
  /** `isRefused`: the broker does not allow it, now or later */
  | { error: string; isRefused?: boolean };

/** Celery's remote control, over the broker of the config. */
export interface RemoteControl {
  /** the name by which the worker with this main process is addressed; null: unknown */
  nodeOf: (mainPid: number) => string | null;
  ask: (service: string, node: string, command: ControlCommand) => Promise<ControlAnswer>;
}

/** Celery's remote control over the brokers of the config; the client is loaded when it is needed. */
export function remoteControl(brokerOf: KindDeps['brokerOf']): RemoteControl {
  return {
    nodeOf: readNodeName,
    ask: async (service, node, command) => {
      const settings = brokerOf(service);
      if (settings === null) return { error: 'its project has no broker_url' };
      const { askNode } = await import('./control.ts');
      try {
        return { replies: await askNode(settings, { node, ...command }, ANSWER_MS) };
      } catch (error) {
        const isRefused = error instanceof BrokerRefusal;
        return { error: (error as Error).message, ...(isRefused && { isRefused }) };
      }
    },
  };
}
