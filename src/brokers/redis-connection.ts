import { createRedis, type Redis, type RedisOptions } from './redis-client.ts';
import { explainRedisError } from './redis-errors.ts';
import { tellLate, withinLimit } from './time-limit.ts';

/**
 * One connection, gone when this returns or after `limitMs`, whatever comes first. `isLast`: this process ends soon, and
 * the connection, where all went well, with it.
 *
 * @throws Error in plain words
 */
export async function withRedis<T>(
  options: RedisOptions,
  limitMs: number,
  ask: (redis: Redis) => Promise<T>,
  isLast = false,
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
  let isWell = false;
  try {
    const answer = await withinLimit(work(), limitMs, tellLate(limitMs, options.tls !== undefined));
    isWell = true;
    return answer;
  } finally {
    if (isLast && isWell) redis.leave();
    else redis.disconnect();
  }
}
