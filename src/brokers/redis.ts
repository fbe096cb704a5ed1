import type { BrokerUrl } from './broker-url.ts';
import { createRedis, type Pipeline, type Redis, type Reply } from './redis-client.ts';
import { explainRedisError } from './redis-errors.ts';
import { withinLimit } from './time-limit.ts';
import { tlsOptions } from './tls.ts';

const DEFAULT_PORT = 6379;

/** How messages name the server. */
export function nameRedis({ host, port }: BrokerUrl): string {
  return `redis at ${host}:${port ?? DEFAULT_PORT}`;
}

/**
 * Asks a Redis: one connection, gone when this returns. `ask` logs in by `beginPipeline`; its errors are
 * put into plain words.
 *
 * @throws Error in plain words, without a password, where the server cannot be asked within `timeoutMs`
 */
export async function askRedis<T>(
  broker: BrokerUrl,
  timeoutMs: number,
  ask: (redis: Redis) => Promise<T>,
): Promise<T> {
  const at = nameRedis(broker);
  const isTls = broker.scheme === 'rediss';
  const redis = createRedis({
    host: broker.host,
    port: broker.port ?? DEFAULT_PORT,
    ...(isTls && { tls: tlsOptions(broker, at) }),
  });
  const work = async (): Promise<T> => {
    try {
      await redis.connect();
      return await ask(redis);
    } catch (error) {
      throw new Error(`${at}: ${explainRedisError(error as Error)}`, { cause: error });
    }
  };
  // a Redis without TLS takes a TLS greeting for the start of a command
  const doubt = isTls ? ' (does it speak TLS there?)' : '';
  try {
    return await withinLimit(
      work(),
      timeoutMs,
      `${at}: no answer within ${timeoutMs / 1000} s${doubt}`,
    );
  } finally {
    redis.disconnect();
  }
}

/** A pipeline that begins with AUTH and SELECT, so that each has an answer of its own instead of an event. */
export function beginPipeline(redis: Redis, broker: BrokerUrl): Pipeline {
  const { user, password } = broker;
  const pipeline = redis.pipeline();
  if (password !== null) {
    if (user === null) pipeline.auth(password);
    else pipeline.auth(user, password);
  }
  return pipeline.select(readDatabase(broker));
}

/**
 * The answers to what was put in behind `beginPipeline`.
 *
 * @throws the server's own Error where it refused login or database
 */
export function readReplies({ password }: BrokerUrl, replies: Reply[] | null): Reply[] {
  const [select, ...rest] = (replies ?? []).slice(password === null ? 0 : 1);
  // a database that is not selected is another one, with other keys
  const refused = select?.[0] ?? null;
  if (refused !== null) throw (password === null ? null : replies?.[0]?.[0]) ?? refused;
  return rest;
}

/** The number of the database. @throws Error in plain words where the URL has none that is a number */
export function readDatabase(broker: BrokerUrl): number {
  const digits = broker.path.replaceAll('/', '');
  if (/^\d{0,9}$/.test(digits)) return Number(digits);
  throw new Error('the database in the URL is not a number');
}
