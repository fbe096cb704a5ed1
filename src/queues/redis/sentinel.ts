import { isIP } from 'node:net';
import { BrokerError, codeOf, commonCode } from '../broker-error.ts';
import { monotonicMs } from '../../host/monotonic.ts';
import type { RedisBroker, RedisServer } from './broker.ts';
import { withRedis } from './connection.ts';
import type { RespValue } from './resp.ts';
import { tlsOptions } from '../tls.ts';
import type { Limits } from '../queue.ts';

/**
 * The broker with the master's address as its only server. All sentinels are asked at once; the first that knows the
 * master counts.
 *
 * @throws Error in plain words if none of them knows it
 */
export async function findMaster(broker: RedisBroker, limits: Limits): Promise<RedisBroker> {
  const sentinel = broker.sentinel!;
  const limitMs = Math.min(limits.serverMs, limits.deadline - monotonicMs());
  const ask = async (server: RedisServer): Promise<RedisServer> => {
    const options = {
      host: server.host,
      port: server.port,
      ...(sentinel.tls && { tls: broker.tls === null ? {} : tlsOptions(broker.tls) }),
    };
    const address = await withRedis(options, limitMs, async (redis) => {
      const { user, password } = sentinel;
      if (password !== null) await redis.call('auth', ...(user === null ? [] : [user]), password);
      return redis.call('sentinel', 'get-master-addr-by-name', sentinel.master);
    });
    if (address === null) throw new Error(`it knows no master "${sentinel.master}"`);
    return { ...broker.servers[0], ...readAddress(address) };
  };
  const named = broker.servers.map(async (server) =>
    ask(server).catch((error: Error) => {
      const at = `sentinel at ${server.host}:${server.port}`;
      throw new BrokerError(codeOf(error), `${at}: ${error.message}`, { cause: error });
    }),
  );
  try {
    return { ...broker, sentinel: null, servers: [await Promise.any(named)] };
  } catch (error) {
    const faults = (error as AggregateError).errors as Error[];
    const text = faults.map(({ message }) => message).join('; ');
    throw new BrokerError(commonCode(faults.map(codeOf)), text, { cause: error });
  }
}

/** Whatever a sentinel names is asked as the master, so it has to look like an address. */
function readAddress(value: RespValue): Pick<RedisServer, 'host' | 'port'> {
  const [host, port, ...more] = Array.isArray(value) ? value : [];
  const isHost = typeof host === 'string' && (isIP(host) !== 0 || /^[\w.-]{1,253}$/.test(host));
  const isPort = typeof port === 'string' && /^[1-9]\d{0,4}$/.test(port) && Number(port) <= 65_535;
  if (isHost && isPort && more.length === 0) return { host, port: Number(port) };
  throw new Error('it names a master that has no address');
}
