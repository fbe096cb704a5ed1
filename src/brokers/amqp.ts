import type { Socket } from 'node:net';
import { connect, type Channel, type ChannelModel } from 'amqplib';
import { explainAmqpError } from './amqp-errors.ts';
import type { Broker, Server, TlsSettings } from './broker.ts';
import { tellLate, withinLimit } from './time-limit.ts';
import { tlsOptions } from './tls.ts';
import { tryServers, type Limits } from './try-servers.ts';

const GOODBYE_MS = 500;

/** Opens one more channel: an error that the server answers closes the channel that it came on. */
export type OpenChannel = () => Promise<Channel>;

/**
 * Asks an AMQP server: one connection, gone when this returns. An error that the server answers rejects what
 * `ask` waits for; it is put into plain words.
 *
 * @throws Error in plain words, without a password, where the server cannot be asked within its limits
 */
export function askAmqp<T>(
  broker: Broker,
  limits: Limits,
  ask: (open: OpenChannel, server: Server) => Promise<T>,
): Promise<T> {
  return tryServers(broker, limits, (server, limitMs) =>
    askServer(server, broker.tls, limitMs, (open) => ask(open, server)),
  );
}

async function askServer<T>(
  server: Server,
  tls: TlsSettings | null,
  limitMs: number,
  ask: (open: OpenChannel) => Promise<T>,
): Promise<T> {
  let connection: ChannelModel | null = null;
  let isOver = false;
  const work = async (): Promise<T> => {
    connection = await connect(
      {
        protocol: tls === null ? 'amqp' : 'amqps',
        hostname: server.host,
        port: server.port,
        username: server.user ?? '',
        password: server.password ?? '',
        vhost: encodeURIComponent(server.virtualHost),
        heartbeat: 0,
      },
      { ...(tls === null ? {} : tlsOptions(tls)), timeout: limitMs },
    );
    if (isOver) cut(connection);
    // what goes wrong rejects the call that waits for it; without a listener it would end the process
    connection.on('error', () => undefined);
    const open: OpenChannel = async () => {
      const channel = await connection!.createChannel();
      channel.on('error', () => undefined);
      return channel;
    };
    return ask(open);
  };
  try {
    return await withinLimit(work(), limitMs, tellLate(limitMs, tls !== null));
  } catch (error) {
    throw new Error(explainAmqpError(error as Error), { cause: error });
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
