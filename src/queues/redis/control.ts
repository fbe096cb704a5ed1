import { randomUUID } from 'node:crypto';
import { asObject, parseJson } from '../../model/foreign-json.ts';
import {
  AROUND_MS,
  MOST_REPLIES,
  MOST_REPLY_BYTES,
  SECOND_MS,
  type ControlMessage,
  type ControlReply,
} from '../control-message.ts';
import type { RedisBroker, RedisServer } from './broker.ts';
import type { Redis } from './client.ts';
import { askRedis, askSections } from './ask.ts';
import type { RespValue } from './resp.ts';
import { limitsFromNow } from '../try-servers.ts';

/** By kombu's Redis transport: exchanges are channels, queues are lists. @throws as `askRedis` */
export function sendControl(
  broker: RedisBroker,
  message: ControlMessage,
  timeoutMs: number,
): Promise<ControlReply[]> {
  const { prefix } = broker.keys;
  const queue = prefix + message.replyQueue;
  const channels = listChannels(broker).map((channel) => prefix + channel + message.exchange);
  const limitMs = timeoutMs + AROUND_MS;
  const ask = async (redis: Redis, server: RedisServer): Promise<ControlReply[]> => {
    const commands = [
      ['del', queue],
      ...channels.map((channel) => ['publish', channel, toEnvelope(message)]),
    ];
    const [sent] = await askSections(redis, server, [{ database: broker.database, commands }]);
    // the last: that nothing can be published says more than what keeps the replies' queue from being emptied
    const fault = sent?.findLast(([error]) => error !== null);
    if (fault?.[0]) throw fault[0];
    const replies: ControlReply[] = [];
    for (let waitMs = timeoutMs; replies.length < MOST_REPLIES; waitMs = SECOND_MS) {
      const popped = await redis.call('brpop', queue, waitMs / 1000);
      if (popped === null) break;
      const reply = readEnvelope(popped, message.ticket);
      if (reply !== null) replies.push(reply);
    }
    await redis.call('del', queue);
    return replies;
  };
  const use = { mostBytes: MOST_REPLY_BYTES };
  return askRedis(broker, limitsFromNow(limitMs, limitMs), ask, use);
}

/**
 * What the channels begin with. kombu writes the database in place of `{db}`, but forgets it where Sentinel is in between
 * (its SentinelChannel makes a pool of its own): a worker listens to one of the two.
 */
function listChannels({ database, sentinel }: RedisBroker): string[] {
  return [`/${database}.`, ...(sentinel === null ? [] : ['/{db}.'])];
}

function toEnvelope({ body, exchange }: ControlMessage): string {
  return JSON.stringify({
    body: Buffer.from(body).toString('base64'),
    'content-encoding': 'utf-8',
    'content-type': 'application/json',
    headers: { clock: 1, expires: 0 },
    properties: {
      delivery_mode: 1,
      delivery_info: { exchange, routing_key: '' },
      priority: 0,
      body_encoding: 'base64',
      delivery_tag: randomUUID(),
    },
  });
}

/** null: not an answer to this message; whoever may write to the broker may have put it there. */
function readEnvelope(popped: RespValue, ticket: string): ControlReply | null {
  const [, text] = Array.isArray(popped) ? popped : [];
  const envelope = asObject(parseJson(text));
  if (asObject(envelope['headers'])['ticket'] !== ticket) return null;
  const { body } = envelope;
  if (envelope['content-type'] !== 'application/json' || typeof body !== 'string') {
    return { text: null };
  }
  const isEncoded = asObject(envelope['properties'])['body_encoding'] === 'base64';
  return { text: isEncoded ? Buffer.from(body, 'base64').toString() : body };
}
