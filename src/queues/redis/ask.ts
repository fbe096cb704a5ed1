import type { RedisBroker, RedisServer } from './broker.ts';
import { NOT_ASKED, type Redis, type Reply } from './client.ts';
import { withRedis, type RedisUse } from './connection.ts';
import { findMaster } from './sentinel.ts';
import { tlsOptions } from '../tls.ts';
import type { Limits } from '../queue.ts';
import { tryServers } from '../try-servers.ts';

/** Commands for one database. */
export interface Section {
  database: number;
  commands: (string | number)[][];
}

/**
 * Asks a Redis, through Sentinel if the broker uses it, over one connection, which ends as `withRedis` says. `ask` logs in
 * with `askSections`; its errors are put into plain words.
 *
 * @throws Error in plain words, without a password, if the server cannot be asked within its limits
 */
export async function askRedis<T>(
  broker: RedisBroker,
  limits: Limits,
  ask: (redis: Redis, server: RedisServer) => Promise<T>,
  use: RedisUse = {},
): Promise<T> {
  const target = broker.sentinel === null ? broker : await findMaster(broker, limits);
  return tryServers(target, limits, (server, limitMs) =>
    withRedis(
      {
        ...(server.socketPath === null
          ? { host: server.host, port: server.port }
          : { path: server.socketPath }),
        ...(target.tls !== null && { tls: tlsOptions(target.tls) }),
      },
      limitMs,
      (redis) => ask(redis, server),
      use,
    ),
  );
}

/**
 * Logs in and asks, all in one round trip: AUTH and SELECT are sent along, so that each has an answer of its own instead of
 * an event. If the login or a database is refused, that refusal is the answer to each command concerned, even if the server
 * would let in a client that does not log in: Celery does not go on there. A surplus answer, however late it comes, shows
 * up in the place of the answer to the next SELECT; a last section without commands catches one after the last command.
 *
 * @throws Error if the connection is lost, or the answers do not belong to these commands
 */
export async function askSections(
  redis: Redis,
  { user, password }: Pick<RedisServer, 'user' | 'password'>,
  sections: readonly Section[],
): Promise<Reply[][]> {
  const login = password === null ? [] : [['auth', ...(user === null ? [] : [user]), password]];
  const commands = sections.flatMap((section) => [
    ['select', section.database],
    ...section.commands,
  ]);
  const replies = await redis.send([...login, ...commands]);
  const refusedLogin = login.length > 0 ? whyRefused(replies.shift()) : null;
  const answers = sections.map(({ commands: { length } }) => replies.splice(0, length + 1));
  for (const [index, [[fault, value] = [null, null]]] of answers.entries()) {
    if (fault === null && value !== 'OK') throw new Error(index === 0 ? NO_REDIS : NOT_ASKED);
  }
  return sections.map(({ commands: { length } }, index) => {
    const [select, ...own] = answers[index]!;
    // if the database could not be selected, the answers come from another one, with other keys
    const refused = refusedLogin ?? select?.[0] ?? null;
    if (refused === null) return own;
    return Array.from({ length }, (): Reply => [refused, null]);
  });
}

const NO_REDIS = 'what answers there is not Redis';

/** null: the command was carried out. */
function whyRefused(reply: Reply | undefined): Error | null {
  const [error, value] = reply ?? [null, null];
  return error ?? (value === 'OK' ? null : new Error(NO_REDIS));
}
