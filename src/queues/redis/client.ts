import { openConnection, type Place } from '../connection.ts';
import { createReplyReader, encodeCommand, type RespValue } from './resp.ts';

/** What a Redis answers to each command of several. */
export type Reply = [error: Error | null, value: RespValue];

export type Command = readonly (string | number)[];

/** What a Redis answers to a command that it does not carry out; with the command, which may hold a secret. */
export class RedisError extends Error {
  readonly command: Command;

  constructor(message: string, command: Command) {
    super(message);
    this.command = command;
  }
}

/** One connection to a Redis. */
export interface Redis {
  connect: () => Promise<void>;
  disconnect: () => void;
  /** leaves the connection to the end of this process */
  leave: () => void;
  /** all in one round trip; an answer to each, in their order. Rejects where the connection is lost */
  send: (commands: readonly Command[]) => Promise<Reply[]>;
  /** one command; rejects with the error that the server answers */
  call: (...command: Command) => Promise<RespValue>;
}

/** What is said of answers that are more than the questions. */
export const NOT_ASKED = 'it answers what was not asked';

interface Waiting {
  command: Command;
  resolve: (reply: Reply) => void;
  reject: (fault: Error) => void;
}

/** A client without a pool, retries or events: a oneshot asks once. `mostBytes`: what it may answer in all. */
export function createRedis(place: Place, mostBytes: number): Redis {
  const waiting: Waiting[] = [];
  // the last answer: a server that refuses a connection says why, once, and closes it
  let refusal: Error | null = null;
  const read = createReplyReader((value) => {
    refusal = value instanceof Error ? value : null;
    const next = waiting.shift();
    if (next === undefined) throw refusal ?? new Error(NOT_ASKED);
    const isError = value instanceof Error;
    next.resolve(isError ? [new RedisError(value.message, next.command), null] : [null, value]);
  });
  const { opened, ...connection } = openConnection(place, mostBytes, {
    onBytes: read,
    onEnd: (fault) => {
      for (const { reject } of waiting.splice(0)) reject(refusal ?? fault);
    },
  });
  const send = async (commands: readonly Command[]): Promise<Reply[]> => {
    const before = connection.fault();
    if (before !== null) throw before;
    const replies = commands.map(
      (command) =>
        new Promise<Reply>((resolve, reject) => waiting.push({ command, resolve, reject })),
    );
    connection.send(commands.map(encodeCommand).join(''));
    const all = await Promise.all(replies);
    // with more answers than commands none of them can be told apart
    const fault = connection.fault();
    if (fault !== null) throw fault;
    return all;
  };
  return {
    connect: () => opened,
    disconnect: () => connection.end(new Error('the connection was ended')),
    leave: connection.leave,
    send,
    call: async (...command) => {
      const [[error, value] = [null, null]] = await send([command]);
      if (error !== null) throw error;
      return value;
    },
  };
}
