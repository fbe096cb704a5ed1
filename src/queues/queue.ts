import type { ServerUrl } from './broker-url.ts';
import type { ControlMessage, ControlReply } from './control-message.ts';

/** Where a project's queues are, in the words of the config, which are Celery's own. */
export interface BrokerSettings {
  /** one URL, or several with `;` between: the first that answers counts; those of Sentinel belong together */
  url: string;
  /** Celery's `broker_transport_options`, as `optionKeys` of the backends allow them */
  options?: Record<string, unknown> | undefined;
  ssl?: boolean | SslOptions | undefined;
}

/** What of Celery's `broker_use_ssl` a project sets. */
export type SslOptions = Partial<
  Record<`${'ssl_' | ''}${'ca_certs' | 'certfile' | 'keyfile' | 'cert_reqs'}`, string | undefined>
> & { ssl_check_hostname?: boolean | undefined };

/** One server and what it asks of who comes. */
export interface Server {
  host: string;
  port: number;
  user: string | null;
  password: string | null;
}

/** What is asked of TLS; files by path. */
export interface TlsSettings {
  verify: boolean;
  checkHostname: boolean;
  caFile: string | null;
  certFile: string | null;
  keyFile: string | null;
}

/** A broker, all defaults filled in as Celery does it. Each backend adds what it has besides. */
export interface Broker {
  backend: QueueBackend;
  servers: [Server, ...Server[]];
  tls: TlsSettings | null;
  /** brokers with the same text are asked over one connection */
  connection: string;
}

/** What a broker answers for one queue; `missing`: it has none of that name. */
export type QueueAnswer = number | 'missing' | { error: string };

/** What a broker is asked for one project. */
export interface BrokerRequest<B extends Broker = Broker> {
  broker: B;
  queues: string[];
  wantsUnacked: boolean;
}

/** What it answers. */
export interface BrokerAnswer {
  queues: Map<string, QueueAnswer>;
  unacked?: number | { error: string };
}

/** A scheme of broker URLs. */
export interface Scheme {
  port: number;
  /** null: over a socket of this host */
  tls: boolean | null;
  /** with TLS by the settings it has the port of the scheme with TLS */
  usesTlsPort?: boolean;
  /** Celery knows it as another name of one before it: messages leave it out */
  isAlias?: boolean;
}

/** A key of Celery's `broker_transport_options`. */
export type OptionKey =
  | { type: 'text'; description: string; expected: string; pattern: RegExp }
  | { type: 'flag'; description: string }
  /** whole numbers from 0 to 255, at least one */
  | { type: 'numbers'; description: string }
  | {
      type: 'group';
      description: string;
      expected: string;
      keys: Record<string, Extract<OptionKey, { type: 'text' | 'flag' }>>;
    }
  /** accepted because people copy it; nothing reads it */
  | { type: 'unused' };

/** What keeps settings from being used, in the words of a fault of the config. */
export interface SettingsFault {
  found: string;
  hint: string;
}

/**
 * A kind of broker: a folder of its own, and a line in `registry.ts`. This part is loaded with the config; what talks to
 * servers is loaded by `load`. test/contract/queue.ts is what each has to pass.
 */
export interface QueueBackend<B extends Broker = Broker> {
  /** as messages name its servers */
  name: string;
  schemes: Record<string, Scheme>;
  /** the form of its URLs, for people */
  form: string;
  /** the part of a URL behind the server, where nothing is known of it */
  usualPath: string;
  optionKeys: Record<string, OptionKey>;
  /** what of Celery's settings it lacks; null: nothing */
  findFault(settings: BrokerSettings): SettingsFault | null;
  /** why it does not tell how many tasks are unacknowledged, as a fault of a config that asks for it; null: it does */
  noUnacked: { expected: string; hint: string } | null;
  /** @throws Error in plain words, without a password */
  resolve(urls: ServerUrl[], common: Common, settings: BrokerSettings): B;
  /** how messages name a server */
  nameServer(server: B['servers'][0]): string;
  load(): Promise<QueueClient<B>>;
}

/** What all brokers have in common, resolved. */
export interface Common {
  tls: TlsSettings | null;
  /** where the URL names no port */
  port: number;
}

/** Talks to a broker. All throw Error in plain words, without a password, where it cannot be asked. */
export interface QueueClient<B extends Broker = Broker> {
  /** the waiting tasks of each queue of each request, all on one server; answers in the order of the requests */
  readLengths(requests: readonly BrokerRequest<B>[], limits: Limits): Promise<BrokerAnswer[]>;
  /** sends a message of Celery's remote control and collects what answers come within `timeoutMs` */
  sendControl(broker: B, message: ControlMessage, timeoutMs: number): Promise<ControlReply[]>;
  /** all queues that workers have ever taken from; none where the broker does not tell */
  listBoundQueues(broker: B, limits: Limits): Promise<string[]>;
}

/** How long a broker may take: each of its servers, and until when all of them. */
export interface Limits {
  serverMs: number;
  /** on the clock of `monotonicMs` */
  deadline: number;
}
