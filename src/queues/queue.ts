import type { MeasureError } from '../model/measure-error.ts';
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

/** The keys of Celery's `broker_use_ssl` that a project may set. */
export type SslOptions = Partial<
  Record<`${'ssl_' | ''}${'ca_certs' | 'certfile' | 'keyfile' | 'cert_reqs'}`, string | undefined>
> & { ssl_check_hostname?: boolean | undefined };

/** One server and the login that it asks for. */
export interface Server {
  host: string;
  port: number;
  user: string | null;
  password: string | null;
}

/** How TLS is to be used; files are given by path. */
export interface TlsSettings {
  verify: boolean;
  checkHostname: boolean;
  caFile: string | null;
  certFile: string | null;
  keyFile: string | null;
}

/** A broker with all defaults filled in as Celery does. Each backend adds members of its own. */
export interface Broker {
  backend: QueueBackend;
  servers: [Server, ...Server[]];
  tls: TlsSettings | null;
  /** brokers with the same text are asked over one connection */
  connection: string;
}

/** What a broker answers for one queue; `missing`: it has no queue of that name. */
export type QueueAnswer = number | 'missing' | MeasureError;

/** What a broker is asked for one project. */
export interface BrokerRequest<B extends Broker = Broker> {
  broker: B;
  queues: string[];
  wantsUnacked: boolean;
}

/** What it answers. */
export interface BrokerAnswer {
  queues: Map<string, QueueAnswer>;
  unacked?: number | MeasureError;
}

/** A scheme of broker URLs. */
export interface Scheme {
  port: number;
  /** null: it uses a socket on this host */
  tls: boolean | null;
  /** if the settings ask for TLS, its port is that of the scheme with TLS */
  usesTlsPort?: boolean;
  /** for Celery it is another name of a scheme before it: messages leave it out */
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

/** Why settings cannot be used, worded as a fault of the config. */
export interface SettingsFault {
  found: string;
  hint: string;
}

/**
 * A kind of broker: a folder of its own, and a line in `registry.ts`. This part is loaded with the config; the part that
 * talks to servers is loaded by `load`. Each kind has to pass test/contract/queue.ts.
 */
export interface QueueBackend<B extends Broker = Broker> {
  /** how messages name its kind of server */
  name: string;
  schemes: Record<string, Scheme>;
  /** the form of its URLs, for people */
  form: string;
  /** the part of a URL after the server, if nothing is known about it */
  usualPath: string;
  optionKeys: Record<string, OptionKey>;
  /** which of Celery's settings it lacks; null: none */
  findFault(settings: BrokerSettings): SettingsFault | null;
  /** why it cannot say how many tasks are unacknowledged, as a fault of a config that asks for that; null: it can */
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
  /** used if the URL names no port */
  port: number;
}

/** Talks to a broker. If it cannot be asked, all methods throw an Error in plain words, without a password. */
export interface QueueClient<B extends Broker = Broker> {
  /** the waiting tasks of each queue of each request, all on one server; answers in the order of the requests */
  readLengths(requests: readonly BrokerRequest<B>[], limits: Limits): Promise<BrokerAnswer[]>;
  /** sends a message of Celery's remote control and collects the answers that arrive within `timeoutMs` */
  sendControl(broker: B, message: ControlMessage, timeoutMs: number): Promise<ControlReply[]>;
  /** all queues that workers have ever consumed from; none if the broker cannot say */
  listBoundQueues(broker: B, limits: Limits): Promise<string[]>;
}

/** How long each server of a broker may take, and the deadline for all of them. */
export interface Limits {
  serverMs: number;
  /** on the clock of `monotonicMs` */
  deadline: number;
}
