import { createRedis, type Redis, type RedisOptions } from './redis-client.ts';
import { explainRedisError } from './redis-errors.ts';
import { tellLate, withinLimit } from './time-limit.ts';

/**
 * One connection, gone when this returns or after `limitMs`, whatever comes first.
 *
 * @throws Error in plain words
 */
export async function withRedis<T>(
  options: RedisOptions,
  limitMs: number,
  ask: (redis: Redis) => Promise<T>,
): Promise<T> {
  const redis = createRedis(options);
  const work = async (): Promise<T> => {
    try {
      await redis.connect();
      return await ask(redis);
    } catch (error) {
      throw new Error(explainRedisError(error as Error), { cause: error });
    }
  };
  try {
    return await withinLimit(work(), limitMs, tellLate(limitMs, options.tls !== undefined));
  } finally {
    redis.disconnect();
  }
}
