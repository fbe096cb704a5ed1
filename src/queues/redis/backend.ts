import type { ServerUrl } from '../broker-url.ts';
import type { OptionKey, QueueBackend } from '../queue.ts';
import { nameServer, type RedisBroker, type RedisServer } from './broker.ts';

/** Those of Celery's `broker_transport_options` that matter here. */
interface RedisOptions {
  master_name?: string;
  sentinel_kwargs?: { username?: string; password?: string; ssl?: boolean };
  global_keyprefix?: string;
  priority_steps?: number[];
  sep?: string;
  unacked_key?: string;
}

const text = (description: string, expected: string, pattern: RegExp) =>
  ({ type: 'text', description, expected, pattern }) as const;

const OPTION_KEYS: Record<keyof RedisOptions, OptionKey> = {
  master_name: text('For Sentinel: the name of the master.', 'a name', /^\S+$/),
  sentinel_kwargs: {
    type: 'group',
    description: 'How to log in to the sentinels themselves.',
    expected: 'options in braces, such as { "password": "…" }',
    keys: {
      username: text('The user of the sentinels.', 'a text', /^/),
      password: text('The password of the sentinels.', 'a text', /^/),
      ssl: { type: 'flag', description: 'true: the sentinels speak TLS.' },
    },
  },
  global_keyprefix: text('The prefix of all keys in Redis.', 'a text', /^/),
  priority_steps: {
    type: 'numbers',
    description: 'The priorities that have a list of their own. Default: [0, 3, 6, 9].',
  },
  sep: text('The separator between queue and priority in the name of a list.', 'a text', /./s),
  unacked_key: text('The hash of unacknowledged tasks. Default: "unacked".', 'a name', /./),
};

const UNUSED = [
  ...['visibility_timeout', 'queue_order_strategy', 'fanout_prefix', 'fanout_patterns'],
  ...['socket_timeout', 'socket_connect_timeout', 'socket_keepalive', 'retry_on_timeout'],
  ...['health_check_interval', 'max_connections'],
];

/** Redis as kombu uses it: a list for each queue and priority. */
export const redis: QueueBackend<RedisBroker> = {
  name: 'redis',
  schemes: {
    redis: { port: 6379, tls: false },
    rediss: { port: 6379, tls: true },
    'redis+socket': { port: 0, tls: null },
    unix: { port: 0, tls: null },
    sentinel: { port: 26379, tls: false },
  },
  form: 'redis://HOST:PORT/DB',
  usualPath: '/0',
  optionKeys: {
    ...OPTION_KEYS,
    ...Object.fromEntries(UNUSED.map((key) => [key, { type: 'unused' }])),
  },
  findFault: ({ url, options }) =>
    url.startsWith('sentinel:') && (options as RedisOptions | undefined)?.master_name === undefined
      ? {
          found: 'Sentinel without the name of a master',
          hint: 'add "broker_transport_options": { "master_name": "mymaster" }, with the name that the sentinels know',
        }
      : null,
  noUnacked: null,
  resolve: (urls, { tls, port }, settings) => {
    const options: RedisOptions = settings.options ?? {};
    const servers = urls.map((url) => toServer(url, port)) as RedisBroker['servers'];
    const sentinel = urls[0]!.scheme === 'sentinel' ? readSentinel(options) : null;
    return {
      ...{ backend: redis, servers, tls, sentinel },
      connection: JSON.stringify({ servers, tls, sentinel }),
      database: readDatabase(urls[0]!),
      keys: {
        prefix: options.global_keyprefix ?? '',
        separator: options.sep ?? '\x06\x16',
        prioritySteps: options.priority_steps ?? [0, 3, 6, 9],
        unacked: options.unacked_key ?? 'unacked',
      },
    };
  },
  nameServer,
  load: async () => {
    const { client } = await import('./queue-client.ts');
    return client;
  },
};

function toServer(url: ServerUrl, port: number): RedisServer {
  const { host, user, socketPath, query } = url;
  const password = url.password ?? query.get('password');
  return { host, port: url.port ?? port, socketPath, user, password };
}

function readDatabase({ scheme, socketPath, path, query }: ServerUrl): number {
  // for a socket, kombu calls the database virtual_host, and redis-py (unix://) calls it db
  const inQuery = query.get('virtual_host') ?? (scheme === 'unix' ? query.get('db') : null);
  const digits = (socketPath === null ? path : (inQuery ?? '')).replaceAll('/', '');
  if (/^\d{0,9}$/.test(digits)) return Number(digits);
  throw new Error('the database in the broker URL is not a number');
}

function readSentinel({
  master_name: master,
  sentinel_kwargs: login = {},
}: RedisOptions): RedisBroker['sentinel'] {
  if (master === undefined) {
    throw new Error('a broker URL of Sentinel needs "master_name" in broker_transport_options');
  }
  const { username, password, ssl } = login;
  return { master, user: username ?? null, password: password ?? null, tls: ssl ?? false };
}
