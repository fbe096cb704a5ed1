import type { Broker, Server } from '../queue.ts';

/** A Redis, or a Sentinel. */
export interface RedisServer extends Server {
  /** the path of a socket on this host, instead of host and port */
  socketPath: string | null;
}

/** How to ask Sentinel where the master is; the broker's `servers` are then the sentinels. */
interface Sentinel {
  master: string;
  user: string | null;
  password: string | null;
  tls: boolean;
}

export interface RedisBroker extends Broker {
  servers: [RedisServer, ...RedisServer[]];
  database: number;
  sentinel: Sentinel | null;
  /** how kombu names its keys */
  keys: { prefix: string; separator: string; prioritySteps: number[]; unacked: string };
}

/** How messages name a server. */
export function nameServer({ host, port, socketPath }: RedisServer): string {
  if (socketPath !== null) return `redis at ${socketPath}`;
  return `redis at ${host.includes(':') ? `[${host}]` : host}:${port}`;
}
