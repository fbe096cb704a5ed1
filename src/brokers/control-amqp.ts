import { setTimeout as sleep } from 'node:timers/promises';
import { askAmqp } from './amqp.ts';
import type { Broker } from './broker.ts';
import { SECOND_MS, type ControlMessage, type ControlReply } from './control-message.ts';
import { limitsFromNow } from './try-servers.ts';

/** How long is added for connecting. */
const AROUND_MS = 3000;

/** By RabbitMQ; the queue of the answers is this connection's own and goes with it. @throws as `askAmqp` */
export function sendByAmqp(
  broker: Broker,
  message: ControlMessage,
  timeoutMs: number,
): Promise<ControlReply[]> {
  const limitMs = timeoutMs + AROUND_MS;
  return askAmqp(broker, limitsFromNow(limitMs, limitMs), async (open) => {
    const channel = await open();
    const { ticket, exchange, replyQueue, body } = message;
    const replies: ControlReply[] = [];
    let firstCame = (): void => undefined;
    const first = new Promise<void>((done) => (firstCame = done));
    await channel.assertQueue(replyQueue, { exclusive: true, durable: false });
    await channel.consume(
      replyQueue,
      (reply) => {
        if (reply?.properties.headers?.['ticket'] !== ticket) return;
        const isJson = reply.properties.contentType === 'application/json';
        replies.push({ text: isJson ? reply.content.toString() : null });
        firstCame();
      },
      { noAck: true },
    );
    try {
      await channel.checkExchange(exchange);
    } catch (error) {
      // no worker listens, or has ever listened, on this broker
      if ((error as { code?: number }).code === 404) return [];
      throw error;
    }
    channel.publish(exchange, '', Buffer.from(body), {
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      deliveryMode: 1,
      headers: { clock: 1, expires: 0 },
    });
    await Promise.race([first, sleep(timeoutMs, undefined, { ref: false })]);
    if (replies.length > 0) await sleep(SECOND_MS);
    return replies;
  });
}
