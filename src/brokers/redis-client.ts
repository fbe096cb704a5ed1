import { connect as connectTcp, type Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { Decoder } from 'ioredis/built/resp/decoder.js';

/** What a Redis answers to each command of a pipeline. */
export type Reply = [error: Error | null, value: unknown];

type Argument = string | number;

/** Commands that have a method of their own; `call` takes any. */
const NAMES = ['auth', 'brpop', 'del', 'llen', 'publish', 'select'] as const;

type Named<Result> = Record<(typeof NAMES)[number], (...args: Argument[]) => Result>;

/** Commands that go out together, in one round trip. */
export interface Pipeline extends Named<Pipeline> {
  call: (name: string, ...args: Argument[]) => Pipeline;
  /** an answer to each, in their order; rejects where the connection is lost */
  exec: () => Promise<Reply[]>;
}

/** One connection to a Redis, with the names that ioredis has for what is used of it here. */
export interface Redis extends Named<Promise<unknown>> {
  connect: () => Promise<void>;
  disconnect: () => void;
  /** leaves the connection to the end of this process, for who ends soon: to take it down costs Node a millisecond */
  leave: () => void;
  call: (name: string, ...args: Argument[]) => Promise<unknown>;
  pipeline: (commands?: readonly (readonly Argument[])[]) => Pipeline;
}

/** Where it is: `path` (a socket on this host), or `host` and `port`. */
export interface RedisOptions {
  host?: string;
  port?: number;
  path?: string;
  tls?: ConnectionOptions;
}

interface Waiting {
  resolve: (reply: Reply) => void;
  reject: (error: Error) => void;
}

/**
 * A client without a pool, retries or events: a oneshot asks once. Of ioredis only the decoder of the
 * protocol is loaded, as the whole (with cluster, scripts, TLS and 300 methods) costs more time and memory
 * than all the rest of a run.
 */
export function createRedis(options: RedisOptions): Redis {
  const waiting: Waiting[] = [];
  let socket: Socket | null = null;
  let fault: Error | null = null;
  const end = (error: Error): void => {
    fault ??= error;
    socket?.destroy();
    for (const { reject } of waiting.splice(0)) reject(fault);
  };
  const decoder = new Decoder({
    onReply: (value: unknown) => waiting.shift()?.resolve([null, value]),
    onErrorReply: (error: Error) => waiting.shift()?.resolve([error, null]),
    onPush: () => undefined,
    getTypeMapping: () => ({}),
  });
  const read = (bytes: Buffer): void => {
    try {
      decoder.write(bytes);
    } catch (error) {
      end(error as Error);
    }
  };
  const connect = async (): Promise<void> => {
    const { tls, ...place } = options;
    // seldom needed, and large
    const late = tls === undefined ? null : await import('node:tls');
    await new Promise<void>((resolve, reject) => {
      const fail = (error: Error): void => {
        end(error);
        reject(fault ?? error);
      };
      socket =
        late === null
          ? connectTcp(place as { path: string }, resolve)
          : late.connect({ ...place, ...tls }, resolve);
      socket.setNoDelay(true);
      socket.on('error', fail);
      socket.on('close', () => fail(new Error('Connection is closed.')));
      socket.on('data', read);
    });
  };
  const send = (commands: readonly (readonly Argument[])[]): Promise<Reply[]> => {
    if (fault !== null) return Promise.reject(fault);
    const replies = commands.map(
      () => new Promise<Reply>((resolve, reject) => waiting.push({ resolve, reject })),
    );
    socket?.write(commands.map(encode).join(''));
    return Promise.all(replies);
  };
  const call = async (...command: Argument[]): Promise<unknown> => {
    const [[error, value] = [null, null]] = await send([command]);
    if (error !== null) throw error;
    return value;
  };
  return {
    connect,
    disconnect: () => end(new Error('Connection is closed.')),
    leave: () => socket?.unref(),
    call,
    pipeline: (commands = []) => pipelineOf([...commands], send),
    ...withNames(
      (name) =>
        (...args) =>
          call(name, ...args),
    ),
  };
}

function pipelineOf(
  commands: (readonly Argument[])[],
  send: (commands: (readonly Argument[])[]) => Promise<Reply[]>,
): Pipeline {
  const call = (...command: Argument[]): Pipeline => {
    commands.push(command);
    return pipeline;
  };
  const pipeline: Pipeline = {
    call,
    exec: () => send(commands),
    ...withNames(
      (name) =>
        (...args) =>
          call(name, ...args),
    ),
  };
  return pipeline;
}

function withNames<Result>(
  method: (name: string) => (...args: Argument[]) => Result,
): Named<Result> {
  return Object.fromEntries(NAMES.map((name) => [name, method(name)])) as Named<Result>;
}

/** A command as the protocol wants it: a list of texts, each with its length in bytes. */
function encode(command: readonly Argument[]): string {
  const texts = command.map((argument) => {
    const text = String(argument);
    return `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
  });
  return `*${texts.length}\r\n${texts.join('')}`;
}
