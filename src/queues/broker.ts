import type { SslOptions, TransportOptions } from '../config/schema/broker-schema.ts';
import { parseServerUrl, type ServerUrl } from './broker-url.ts';

/** Where a project's queues are, in the words of the config, which are Celery's own. */
export interface BrokerSettings {
  /** one URL, or several with `;` between: the first that answers counts; those of Sentinel belong together */
  url: string;
  options?: TransportOptions | undefined;
  ssl?: boolean | SslOptions | undefined;
}

/** One server and what it asks of who comes. */
export interface Server {
  host: string;
  port: number;
  /** a Redis on this host by its socket, instead of host and port */
  socketPath: string | null;
  user: string | null;
  password: string | null;
  /** of RabbitMQ */
  virtualHost: string;
}

/** What is asked of TLS; files by path. */
export interface TlsSettings {
  verify: boolean;
  checkHostname: boolean;
  caFile: string | null;
  certFile: string | null;
  keyFile: string | null;
}

/** The Sentinel that knows where the master is; `servers` of the broker are then the sentinels. */
export interface SentinelSettings {
  master: string;
  user: string | null;
  password: string | null;
  tls: boolean;
}

/** How kombu names its keys in a Redis. */
export interface RedisKeys {
  prefix: string;
  separator: string;
  prioritySteps: number[];
  unacked: string;
}

/** A broker, all defaults filled in as Celery does it. */
export interface Broker {
  kind: 'redis' | 'amqp';
  servers: [Server, ...Server[]];
  /** of Redis */
  database: number;
  tls: TlsSettings | null;
  sentinel: SentinelSettings | null;
  keys: RedisKeys;
}

interface Scheme {
  kind: Broker['kind'];
  port: number;
  tls: boolean;
}

const AMQP: Scheme = { kind: 'amqp', port: 5672, tls: false };

const SCHEMES: Record<string, Scheme> = {
  redis: { kind: 'redis', port: 6379, tls: false },
  rediss: { kind: 'redis', port: 6379, tls: true },
  'redis+socket': { kind: 'redis', port: 0, tls: false },
  unix: { kind: 'redis', port: 0, tls: false },
  sentinel: { kind: 'redis', port: 26379, tls: false },
  amqp: AMQP,
  pyamqp: AMQP,
  librabbitmq: AMQP,
  amqps: { kind: 'amqp', port: 5671, tls: true },
};

const PORT_WITH_TLS = { redis: 6379, amqp: 5671 };

/** @throws Error in plain words, without a password */
export function resolveBroker({ url, options = {}, ssl }: BrokerSettings): Broker {
  const urls = splitUrls(url).map(parseServerUrl);
  const [first] = urls;
  const scheme = SCHEMES[first?.scheme ?? ''];
  if (first === undefined || first === null || scheme === undefined || urls.includes(null)) {
    throw new Error(
      'the broker URL is not of the form redis://HOST:PORT/DB or amqp://USER:PASSWORD@HOST:PORT/VHOST',
    );
  }
  const tls = readTls(first, scheme.tls, ssl);
  const port = tls !== null && scheme.kind === 'amqp' ? PORT_WITH_TLS.amqp : scheme.port;
  const servers = urls
    .filter((each) => each !== null)
    .map((each) => toServer(each, scheme.kind, port));
  return {
    kind: scheme.kind,
    servers: servers as Broker['servers'],
    database: scheme.kind === 'redis' ? readDatabase(first) : 0,
    tls,
    sentinel: first.scheme === 'sentinel' ? readSentinel(options) : null,
    keys: {
      prefix: options.global_keyprefix ?? '',
      separator: options.sep ?? '\x06\x16',
      prioritySteps: options.priority_steps ?? [0, 3, 6, 9],
      unacked: options.unacked_key ?? 'unacked',
    },
  };
}

/** How messages name a server. */
export function nameServer(kind: Broker['kind'], server: Server): string {
  const { host, port, socketPath, virtualHost } = server;
  if (socketPath !== null) return `redis at ${socketPath}`;
  const at = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  if (kind === 'redis') return `redis at ${at}`;
  return `rabbitmq at ${at}${virtualHost === '/' ? '' : `, virtual host ${virtualHost}`}`;
}

/** The later ones may leave the scheme out. */
function splitUrls(url: string): string[] {
  const [first = '', ...others] = url.split(';').filter((each) => each !== '');
  const scheme = /^[^:/]*:\/\//.exec(first)?.[0] ?? '';
  return [first, ...others.map((each) => (each.includes('://') ? each : scheme + each))];
}

function toServer(url: ServerUrl, kind: Broker['kind'], port: number): Server {
  const { host, user, password, socketPath, path, query } = url;
  return {
    host,
    port: url.port ?? port,
    socketPath,
    user: user ?? (kind === 'amqp' ? 'guest' : null),
    password: password ?? (kind === 'amqp' && user === null ? 'guest' : query.get('password')),
    // no path and a single slash are the virtual host "/"
    virtualHost: kind === 'amqp' ? path || '/' : '/',
  };
}

function readDatabase({ scheme, socketPath, path, query }: ServerUrl): number {
  // kombu knows the database of a socket as virtual_host, redis-py (unix://) as db
  const inQuery = query.get('virtual_host') ?? (scheme === 'unix' ? query.get('db') : null);
  const digits = (socketPath === null ? path : (inQuery ?? '')).replaceAll('/', '');
  if (/^\d{0,9}$/.test(digits)) return Number(digits);
  throw new Error('the database in the broker URL is not a number');
}

function readSentinel({
  master_name: master,
  sentinel_kwargs,
}: TransportOptions): SentinelSettings {
  if (master === undefined) {
    throw new Error('a broker URL of Sentinel needs "master_name" in broker_transport_options');
  }
  const { username, password, ssl } = sentinel_kwargs ?? {};
  return { master, user: username ?? null, password: password ?? null, tls: ssl ?? false };
}

/** From the URL's query and `broker_use_ssl`, which comes second; checked unless told otherwise. */
function readTls(
  { query }: ServerUrl,
  byScheme: boolean,
  ssl: boolean | SslOptions = false,
): TlsSettings | null {
  const given = typeof ssl === 'object' ? ssl : {};
  const inQuery = [...query.keys()].some((key) => key.startsWith('ssl_'));
  if (!byScheme && ssl === false && !inQuery) return null;
  const read = (name: 'ca_certs' | 'certfile' | 'keyfile' | 'cert_reqs'): string | null =>
    query.get(`ssl_${name}`) ?? given[`ssl_${name}`] ?? given[name] ?? null;
  const checked = query.get('ssl_check_hostname') ?? String(given.ssl_check_hostname ?? true);
  return {
    verify: !/none$/i.test(read('cert_reqs') ?? ''),
    checkHostname: !/^(?:false|0|no)$/i.test(checked),
    caFile: read('ca_certs'),
    certFile: read('certfile'),
    keyFile: read('keyfile'),
  };
}
