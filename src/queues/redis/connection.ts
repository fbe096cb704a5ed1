import { MOST_BYTES, type Place } from '../connection.ts';
import { createRedis, type Redis } from './client.ts';
import { explainRedisError, isLastingRedisError } from './errors.ts';
import { BrokerError, BrokerRefusal } from '../broker-error.ts';
import { tellLate, withinLimit } from '../time-limit.ts';

/** Options of a connection: how much may be answered, and whether it may stay open because this process ends soon. */
export interface RedisUse {
  /** default: MOST_BYTES */
  mostBytes?: number;
  isLast?: boolean;
}

/**
 * Uses one connection, closed when this returns or after `limitMs`, whichever comes first; the last one, if all went well,
 * ends with this process instead.
 *
 * @throws Error in plain words; a BrokerRefusal if the server would refuse again
 */
export async function withRedis<T>(
  place: Place,
  limitMs: number,
  ask: (redis: Redis) => Promise<T>,
  { mostBytes = MOST_BYTES, isLast = false }: RedisUse = {},
): Promise<T> {
  const redis = createRedis(place, mostBytes);
  const work = async (): Promise<T> => {
    try {
      await redis.connect();
      return await ask(redis);
    } catch (error) {
      const fault = error as Error;
      const Kind = isLastingRedisError(fault) ? BrokerRefusal : BrokerError;
      const { code, text } = explainRedisError(fault);
      throw new Kind(code, text, { cause: error });
    }
  };
  let isWell = false;
  try {
    const answer = await withinLimit(work(), limitMs, tellLate(limitMs, place.tls !== undefined));
    isWell = true;
    return answer;
  } finally {
    if (isLast && isWell) redis.leave();
    else redis.disconnect();
  }
}
