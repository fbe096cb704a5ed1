import { setTimeout as sleep } from 'node:timers/promises';
import { askAmqp } from './ask.ts';
import type { RabbitBroker } from './broker.ts';
import { type AmqpChannel, type AmqpMessage } from './client.ts';
import { AmqpRefusal } from './refusal.ts';
import {
  BASIC,
  FRAME,
  METHOD,
  long,
  octet,
  short,
  shortText,
  table,
  toFrame,
  toMethod,
} from './frames.ts';
import {
  AROUND_MS,
  MOST_REPLIES,
  MOST_REPLY_BYTES,
  SECOND_MS,
  type ControlMessage,
  type ControlReply,
} from '../control-message.ts';
import { limitsFromNow } from '../try-servers.ts';

const NOT_FOUND = 404;

/** Bits of the methods that are sent. */
const PASSIVE = 1;
const EXCLUSIVE = 4;
const NO_ACK = 2;
/** The properties that a message of ours has: content type, content encoding, headers, delivery mode. */
const PROPERTIES = 0xf000;

/** By RabbitMQ; the queue of the answers is this connection's own and goes with it. @throws as `askAmqp` */
export function sendControl(
  broker: RabbitBroker,
  message: ControlMessage,
  timeoutMs: number,
): Promise<ControlReply[]> {
  const limitMs = timeoutMs + AROUND_MS;
  const ask = async (open: () => Promise<AmqpChannel>): Promise<ControlReply[]> => {
    const channel = await open();
    const replies: ControlReply[] = [];
    let firstCame = (): void => undefined;
    const first = new Promise<void>((done) => (firstCame = done));
    channel.onMessage((delivered) => {
      if (!isFor(delivered, message.ticket) || replies.length === MOST_REPLIES) return;
      replies.push({ text: delivered.body.toString() });
      firstCame();
    });
    await consume(channel, message.replyQueue);
    if (!(await hasExchange(channel, message.exchange))) return [];
    // a publication has no answer: that it is not allowed comes by itself
    const refused = new Promise<never>((_, reject) => channel.onFault(reject));
    refused.catch(() => undefined);
    channel.send(toPublication(channel.number, message));
    await Promise.race([first, refused, sleep(timeoutMs, undefined, { ref: false })]);
    if (replies.length > 0) await sleep(SECOND_MS);
    return replies;
  };
  return askAmqp(broker, limitsFromNow(limitMs, limitMs), ask, MOST_REPLY_BYTES);
}

async function consume(channel: AmqpChannel, queue: string): Promise<void> {
  const declared = [short(0), shortText(queue), octet(EXCLUSIVE), table({})];
  await channel.call(METHOD.queueDeclare, declared, METHOD.queueDeclareOk);
  const consumed = [short(0), shortText(queue), shortText(''), octet(NO_ACK), table({})];
  await channel.call(METHOD.basicConsume, consumed, METHOD.basicConsumeOk);
}

/** Where there is none, no worker listens, or has ever listened, on this broker. */
async function hasExchange(channel: AmqpChannel, exchange: string): Promise<boolean> {
  const declared = [short(0), shortText(exchange), shortText(''), octet(PASSIVE), table({})];
  try {
    await channel.call(METHOD.exchangeDeclare, declared, METHOD.exchangeDeclareOk);
    return true;
  } catch (error) {
    if (error instanceof AmqpRefusal && error.code === NOT_FOUND) return false;
    throw error;
  }
}

function toPublication(channel: number, { exchange, body }: ControlMessage): Buffer {
  const content = Buffer.from(body);
  const head = [short(BASIC), short(0), long(0), long(content.length), short(PROPERTIES)];
  const properties = [
    shortText('application/json'),
    shortText('utf-8'),
    table({ clock: 1, expires: 0 }),
    octet(1),
  ];
  return Buffer.concat([
    toMethod(channel, METHOD.basicPublish, [
      ...[short(0), shortText(exchange), shortText(''), octet(0)],
    ]),
    toFrame(FRAME.header, channel, Buffer.concat([...head, ...properties])),
    toFrame(FRAME.body, channel, content),
  ]);
}

/**
 * Whether a message answers this command: its headers, which need not be taken apart for it, have the ticket, which
 * is random.
 */
function isFor({ properties }: AmqpMessage, ticket: string): boolean {
  const text = Buffer.from(ticket);
  return properties.includes(
    Buffer.concat([shortText('ticket'), Buffer.from('S'), long(text.length), text]),
  );
}
