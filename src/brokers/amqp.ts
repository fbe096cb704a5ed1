import type { Socket } from 'node:net';
import { connect, type Channel, type ChannelModel } from 'amqplib';
import { explainAmqpError } from './amqp-errors.ts';
import type { BrokerUrl } from './broker-url.ts';
import { withinLimit } from './time-limit.ts';
import { tlsOptions } from './tls.ts';

const GOODBYE_MS = 500;

/** How messages name the server. */
export function nameAmqp({ scheme, host, port, path }: BrokerUrl): string {
  const virtualHost = path === '' || path === '/' ? '' : `, virtual host ${path}`;
  return `rabbitmq at ${host}:${port ?? (scheme === 'amqps' ? 5671 : 5672)}${virtualHost}`;
}

/**
 * Asks an AMQP server: one connection with one channel, both gone when this returns. An error that the
 * server answers closes the channel and rejects what `ask` waits for; it is put into plain words.
 *
 * @throws Error in plain words, without a password, where the server cannot be asked within `timeoutMs`
 */
export async function askAmqp<T>(
  broker: BrokerUrl,
  timeoutMs: number,
  ask: (channel: Channel) => Promise<T>,
): Promise<T> {
  const at = nameAmqp(broker);
  const isTls = broker.scheme === 'amqps';
  let connection: ChannelModel | null = null;
  let isOver = false;
  const work = async (): Promise<T> => {
    try {
      connection = await connect(
        {
          protocol: isTls ? 'amqps' : 'amqp',
          hostname: broker.host,
          ...(broker.port !== null && { port: broker.port }),
          ...(broker.user !== null && {
            username: broker.user,
            password: broker.password ?? '',
          }),
          // kombu takes no path and a single slash for the virtual host "/"
          vhost: encodeURIComponent(broker.path || '/'),
          heartbeat: 0,
        },
        { ...(isTls ? tlsOptions(broker, at) : {}), timeout: timeoutMs },
      );
      if (isOver) cut(connection);
      // what goes wrong rejects the call that waits for it; without a listener it would end the process
      connection.on('error', () => undefined);
      const channel = await connection.createChannel();
      channel.on('error', () => undefined);
      return await ask(channel);
    } catch (error) {
      throw new Error(`${at}: ${explainAmqpError(error as Error)}`, { cause: error });
    }
  };
  const doubt = isTls ? ' (does it speak TLS there?)' : '';
  try {
    return await withinLimit(
      work(),
      timeoutMs,
      `${at}: no answer within ${timeoutMs / 1000} s${doubt}`,
    );
  } finally {
    isOver = true;
    if (connection !== null) await close(connection);
  }
}

/** A goodbye, so that the server has nothing to log; one that does not answer is left at once. */
async function close(connection: ChannelModel): Promise<void> {
  await withinLimit(connection.close(), GOODBYE_MS, '').catch(() => undefined);
  cut(connection);
}

function cut({ connection }: ChannelModel): void {
  (connection as unknown as { stream: Socket }).stream.destroy();
}
