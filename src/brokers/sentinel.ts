import { monotonicMs } from '../monotonic.ts';
import type { Broker, Server } from './broker.ts';
import { withRedis } from './redis-connection.ts';
import { tlsOptions } from './tls.ts';
import type { Limits } from './try-servers.ts';

/**
 * The broker with the master's address as its only server. All sentinels are asked at once; the first that
 * knows the master counts.
 *
 * @throws Error in plain words where none of them knows it
 */
export async function findMaster(broker: Broker, limits: Limits): Promise<Broker> {
  const sentinel = broker.sentinel!;
  const limitMs = Math.min(limits.serverMs, limits.deadline - monotonicMs());
  const ask = async (server: Server): Promise<Server> => {
    const options = {
      host: server.host,
      port: server.port,
      ...(sentinel.tls && { tls: broker.tls === null ? {} : tlsOptions(broker.tls) }),
    };
    const address = await withRedis(options, limitMs, async (redis) => {
      const { user, password } = sentinel;
      if (password !== null)
        await (user === null ? redis.auth(password) : redis.auth(user, password));
      return redis.call('sentinel', 'get-master-addr-by-name', sentinel.master);
    });
    if (!isAddress(address)) throw new Error(`it knows no master "${sentinel.master}"`);
    return { ...broker.servers[0], host: address[0], port: Number(address[1]) };
  };
  const named = broker.servers.map(async (server) =>
    ask(server).catch((error: Error) => {
      const at = `sentinel at ${server.host}:${server.port}`;
      throw new Error(`${at}: ${error.message}`, { cause: error });
    }),
  );
  try {
    return { ...broker, sentinel: null, servers: [await Promise.any(named)] };
  } catch (error) {
    const faults = (error as AggregateError).errors as Error[];
    throw new Error(faults.map(({ message }) => message).join('; '), { cause: error });
  }
}

function isAddress(value: unknown): value is [string, string] {
  return Array.isArray(value) && value.length === 2;
}
