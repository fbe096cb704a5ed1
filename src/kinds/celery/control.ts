import { randomUUID } from 'node:crypto';
import { asObject, parseJson } from '../../model/foreign-json.ts';
import { resolveBroker } from '../../queues/broker.ts';
import type { ControlMessage } from '../../queues/control-message.ts';
import type { BrokerSettings } from '../../queues/queue.ts';

/** A command for one worker, in the terms of Celery's remote control. */
export interface NodeCommand {
  node: string;
  method: string;
  arguments: Record<string, unknown>;
}

/** Celery's default `control_exchange` is "celery". */
const EXCHANGE = 'celery.pidbox';

/**
 * Sends one command to one worker by Celery's remote control and collects its answer: a message in kombu's
 * form on the exchange that all workers of the broker listen to, with this node alone as its destination.
 * Answers what comes within `timeoutMs`; none: nobody of this name has acted on it. Nothing is left on the
 * broker. Whoever may write to the broker can answer in the place of the worker: what is answered is foreign.
 *
 * @throws Error in plain words, without a password, where the broker cannot be asked
 */
export async function askNode(
  settings: BrokerSettings,
  command: NodeCommand,
  timeoutMs: number,
): Promise<unknown[]> {
  const broker = resolveBroker(settings);
  const client = await broker.backend.load();
  const replies = await client.sendControl(broker, toMessage(command), timeoutMs);
  return replies.map(({ text }) => readReply(text, command.node));
}

/**
 * The answer goes by the default exchange, which knows each queue by its name, so that no binding has to be
 * made (and left behind). Its name is the same each time: what a run that died has left is found again.
 */
function toMessage({ node, method, arguments: args }: NodeCommand): ControlMessage {
  const replyQueue = `autoscaler.reply.${node}`;
  const ticket = randomUUID();
  const body = JSON.stringify({
    ...{ method, arguments: args, destination: [node], pattern: null, matcher: null },
    ...{ ticket, reply_to: { exchange: '', routing_key: replyQueue } },
  });
  return { exchange: EXCHANGE, replyQueue, ticket, body };
}

/** `{"celery@host": …}` without its wrapper; null: it cannot be read. */
function readReply(text: string | null, node: string): unknown {
  const value = asObject(parseJson(text));
  return Object.hasOwn(value, node) ? value[node] : null;
}
