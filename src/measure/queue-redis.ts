import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { Redis, type ChainableCommander } from 'ioredis';
import type { BrokerUrl } from './broker-url.ts';
import type { QueueAnswer } from './queue.ts';
import { explainRedisError } from './redis-errors.ts';

/** kombu keeps a list for each priority step: the queue itself for 0, `QUEUE\x06\x16STEP` for the others. */
const PRIORITY_SUFFIXES = ['', '\x06\x163', '\x06\x166', '\x06\x169'];

const DEFAULT_PORT = 6379;

/**
 * The waiting tasks of each queue: one connection, one round trip for all of it, no command that holds
 * the server up. The connection is gone when this returns.
 *
 * @throws Error in plain words, without a password, where the server cannot be asked at all
 */
export async function readRedisQueues(
  broker: BrokerUrl,
  queues: string[],
  timeoutMs: number,
): Promise<Map<string, QueueAnswer>> {
  const port = broker.port ?? DEFAULT_PORT;
  const at = `redis at ${broker.host}:${port}`;
  const db = readDatabase(broker, at);
  const redis = new Redis({
    host: broker.host,
    port,
    ...(broker.scheme === 'rediss' && { tls: tlsOptions(broker, at) }),
    lazyConnect: true,
    // one attempt: the next run is the next one
    retryStrategy: null,
    maxRetriesPerRequest: null,
    // nothing is sent but our own pipeline: the user of the URL may be allowed little
    enableReadyCheck: false,
    disableClientInfo: true,
    protocol: 2,
  });
  let fault: Error | null = null;
  // kept: a command only hears that the connection is closed, this says why
  redis.on('error', (error: Error) => (fault ??= error));
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      // a Redis without TLS takes a TLS greeting for the start of a command
      const doubt = broker.scheme === 'rediss' ? ' (does it speak TLS there?)' : '';
      reject(new Error(`${at}: no answer within ${timeoutMs / 1000} s${doubt}`));
    }, timeoutMs);
  });
  const ask = async (): Promise<Map<string, QueueAnswer>> => {
    try {
      await redis.connect();
      return readReplies(await fillPipeline(redis, broker, db, queues).exec(), broker, queues, at);
    } catch (error) {
      throw new Error(`${at}: ${explainRedisError(fault ?? (error as Error))}`, { cause: error });
    }
  };
  try {
    const answer = ask();
    // after the time limit nobody waits for it any more
    answer.catch(() => undefined);
    return await Promise.race([answer, limit]);
  } finally {
    clearTimeout(timer);
    redis.disconnect();
  }
}

/** AUTH and SELECT go along, so that each has an answer of its own instead of an event. */
function fillPipeline(
  redis: Redis,
  { user, password }: BrokerUrl,
  db: number,
  queues: string[],
): ChainableCommander {
  const pipeline = redis.pipeline();
  if (password !== null) {
    if (user === null) pipeline.auth(password);
    else pipeline.auth(user, password);
  }
  pipeline.select(db);
  for (const queue of queues) {
    for (const suffix of PRIORITY_SUFFIXES) pipeline.llen(queue + suffix);
  }
  return pipeline;
}

type Reply = [error: Error | null, value: unknown];

function readReplies(
  replies: Reply[] | null,
  { password }: BrokerUrl,
  queues: string[],
  at: string,
): Map<string, QueueAnswer> {
  const [select, ...lengths] = (replies ?? []).slice(password === null ? 0 : 1);
  // a database that is not selected is another one, with other queues
  const refused = select?.[0] ?? null;
  if (refused !== null) throw (password === null ? null : replies?.[0]?.[0]) ?? refused;
  const answers = new Map<string, QueueAnswer>();
  for (const [index, queue] of queues.entries()) {
    const own = lengths.slice(index * PRIORITY_SUFFIXES.length).slice(0, PRIORITY_SUFFIXES.length);
    const error = own.find(([fault]) => fault !== null)?.[0];
    const sum = own.reduce((total, [, length]) => total + Number(length), 0);
    answers.set(
      queue,
      error ? { error: `${at}, queue ${queue}: ${explainRedisError(error)}` } : sum,
    );
  }
  return answers;
}

function readDatabase({ path }: BrokerUrl, at: string): number {
  const digits = path.replaceAll('/', '');
  if (/^\d{0,9}$/.test(digits)) return Number(digits);
  throw new Error(`${at}: the database in the URL is not a number`);
}

/** The options of a `rediss://` URL, named as in redis-py. */
function tlsOptions({ query }: BrokerUrl, at: string): ConnectionOptions {
  const files = { ca: 'ssl_ca_certs', cert: 'ssl_certfile', key: 'ssl_keyfile' } as const;
  const options: ConnectionOptions = {
    rejectUnauthorized: !/none$/i.test(query.get('ssl_cert_reqs') ?? ''),
  };
  if (/^(?:false|0|no)$/i.test(query.get('ssl_check_hostname') ?? '')) {
    options.checkServerIdentity = () => undefined;
  }
  for (const [option, name] of Object.entries(files)) {
    const path = query.get(name);
    if (path === null) continue;
    try {
      options[option as keyof typeof files] = readFileSync(path);
    } catch (error) {
      throw new Error(`${at}: ${name} cannot be read: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }
  return options;
}
