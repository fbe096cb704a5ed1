import { openConnection, type Place } from '../connection.ts';
import { createReplyReader, encodeCommand, type RespValue } from './resp.ts';

/** What a Redis answers to each command of several. */
export type Reply = [error: Error | null, value: RespValue];

export type Command = readonly (string | number)[];

/** What a Redis answers to a command that it does not carry out; has the command, which may contain a secret. */
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
  /** leaves the connection open until this process ends */
  leave: () => void;
  /** sends all commands in one round trip; answers in the order of the commands. Rejects if the connection is lost */
  send: (commands: readonly Command[]) => Promise<Reply[]>;
  /** sends one command; rejects with the error that the server answers */
  call: (...command: Command) => Promise<RespValue>;
}

/** How a server is described that sends more answers than it was asked for. */
export const NOT_ASKED = 'it sent an unrequested answer';

interface Waiting {
  command: Command;
  resolve: (reply: Reply) => void;
  reject: (fault: Error) => void;
}

/** A client without a pool, retries or events: a oneshot asks once. `mostBytes`: how much the server may answer in all. */
export function createRedis(place: Place, mostBytes: number): Redis {
  const waiting: Waiting[] = [];
  // the last answer: a server that refuses a connection says why before it closes it
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
    // with more answers than commands, nobody can say which answer belongs to which command
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
