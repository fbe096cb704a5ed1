import type { Broker, Server } from '../queue.ts';

export interface RabbitServer extends Server {
  virtualHost: string;
}

export interface RabbitBroker extends Broker {
  servers: [RabbitServer, ...RabbitServer[]];
}

/** How messages name a server. */
export function nameServer({ host, port, virtualHost }: RabbitServer): string {
  const at = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return `rabbitmq at ${at}${virtualHost === '/' ? '' : `, virtual host ${virtualHost}`}`;
}
