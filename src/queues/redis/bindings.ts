import { cleanText } from '../../model/clean-text.ts';
import { readQueueNames } from '../../model/queue-names.ts';
import { askRedis, askSections } from './ask.ts';
import type { RedisBroker } from './broker.ts';
import type { Redis } from './client.ts';
import type { RespValue } from './resp.ts';
import type { Limits } from '../queue.ts';

/** How many keys each round looks at, and how many rounds there are: a database with results may have millions of keys. */
const KEYS_A_ROUND = 2000;
const MOST_ROUNDS = 50;
const MOST_EXCHANGES = 50;

/**
 * The queues that kombu has bound in a Redis (`_kombu.binding.EXCHANGE`), without those of remote control and events: all
 * that any worker has ever consumed from. In a database with very many keys, some may be missed.
 *
 * @throws Error in plain words if the server cannot be asked
 */
export function listBoundQueues(broker: RedisBroker, limits: Limits): Promise<string[]> {
  const { prefix, separator } = broker.keys;
  const pattern = `${escapeGlob(prefix)}_kombu.binding.*`;
  return askRedis(broker, limits, async (redis, server) => {
    const [[first] = []] = await askSections(redis, server, [
      { database: broker.database, commands: [scan('0', pattern)] },
    ]);
    if (first?.[0]) throw first[0];
    const exchanges = await listKeys(redis, first?.[1] ?? null, pattern);
    const names: unknown[] = [];
    for (const exchange of exchanges) {
      const members = await redis.call('smembers', exchange);
      for (const member of Array.isArray(members) ? members : []) {
        names.push(String(member).split(separator)[2]);
      }
    }
    return readQueueNames(names).filter((name) => !isOwn(name));
  });
}

async function listKeys(redis: Redis, first: RespValue, pattern: string): Promise<string[]> {
  const found = new Set<string>();
  let answer = first;
  for (let rounds = 0; rounds < MOST_ROUNDS; rounds++) {
    const [cursor, keys] = Array.isArray(answer) ? answer : [];
    for (const key of Array.isArray(keys) ? keys : []) {
      if (typeof key === 'string' && found.size < MOST_EXCHANGES) found.add(key);
    }
    if (typeof cursor !== 'string' || cursor === '0') break;
    answer = await redis.call(...scan(cleanText(cursor), pattern));
  }
  return [...found];
}

function scan(cursor: string, pattern: string): [string, ...string[]] {
  return ['scan', cursor, 'match', pattern, 'count', String(KEYS_A_ROUND)];
}

/** Queues of Celery itself: remote control, its answers, and events. */
function isOwn(name: string): boolean {
  return /\.pidbox$|^celeryev\.|^autoscaler\.reply\./.test(name);
}

function escapeGlob(text: string): string {
  return text.replace(/[\\*?[\]^-]/g, '\\$&');
}
