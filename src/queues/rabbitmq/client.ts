import {
  FRAME,
  METHOD,
  MOST_FRAME_BYTES,
  PROTOCOL_HEADER,
  createFrameReader,
  long,
  longText,
  octet,
  readFields,
  short,
  shortText,
  table,
  toMethod,
  type Fields,
  type Frame,
} from './frames.ts';
import { openConnection, type Place } from '../connection.ts';
import { AmqpRefusal } from './refusal.ts';

/** What was delivered: its properties as they came, and its body. */
export interface AmqpMessage {
  properties: Buffer;
  body: Buffer;
}

/** A refusal closes the channel that it came on. */
export interface AmqpChannel {
  /** sends a method and waits for the one that answers it; one at a time */
  call: (id: number, args: readonly Buffer[], answer: number) => Promise<Fields>;
  /** takes what is delivered from now on; what is delivered before is an error */
  onMessage: (take: (message: AmqpMessage) => void) => void;
  /** takes why it has ended, also where nobody waits for an answer */
  onFault: (take: (fault: Error) => void) => void;
  number: number;
  send: (frames: Buffer) => void;
}

/** One connection to an AMQP server. */
export interface AmqpClient {
  /** the handshake; rejects where it fails */
  logIn: (user: string, password: string, virtualHost: string) => Promise<void>;
  openChannel: () => Promise<AmqpChannel>;
  /** why it has ended; null: it has not */
  fault: () => Error | null;
  /** ends it; a goodbye before, which the server has so long to answer, so that it has nothing to log */
  close: (goodbyeMs: number) => Promise<void>;
}

/** The largest message that is taken. */
const MOST_MESSAGE_BYTES = 262_144;
/** The smallest limit of a frame that a server may set. */
const LEAST_FRAME_BYTES = 4096;
/** Sent to clients that ask for it, as this one does not. */
const BLOCKED = [0x000a_003c, 0x000a_003d];

interface Call {
  answer: number;
  resolve: (fields: Fields) => void;
  reject: (fault: Error) => void;
}

/** What is under way on a channel; 0 is the connection itself. */
interface ChannelState {
  call: Call | null;
  fault: Error | null;
  take: ((message: AmqpMessage) => void) | null;
  takeFault: ((fault: Error) => void) | null;
  /** 'announced': its head comes next */
  incoming: 'announced' | { left: number; properties: Buffer; parts: Buffer[] } | null;
}

/**
 * A client for a few questions, without anything that may throw elsewhere than where it was asked: what a server sends
 * that is not an answer, or no AMQP, ends the connection and rejects what waits. `mostBytes`: what it may send in all.
 */
export function createAmqpClient(place: Place, mostBytes: number): AmqpClient {
  const channels = new Map([[0, newState()]]);
  let mostChannels = 0xffff;
  let isClosing = false;
  let hasEnded = (): void => undefined;
  const ended = new Promise<void>((resolve) => (hasEnded = resolve));
  const { opened, ...connection } = openConnection(place, mostBytes, {
    onBytes: createFrameReader((frame) => (isClosing ? takeLast(frame) : takeFrame(frame))),
    onEnd: (fault) => {
      for (const state of channels.values()) fail(state, fault);
      hasEnded();
    },
  });

  const takeLast = ({ type, channel, payload }: Frame): void => {
    if (type !== FRAME.method || channel !== 0) return;
    if (readFields(payload).long() === METHOD.connectionCloseOk) hasEnded();
  };
  const takeFrame = ({ type, channel, payload }: Frame): void => {
    if (type === FRAME.heartbeat) return;
    const state = channels.get(channel);
    if (state === undefined) throw new Error('it sends a frame for a channel that is not open');
    if (type === FRAME.method) takeMethod(channel, state, readFields(payload));
    else takeContent(type, state, payload);
  };
  const takeMethod = (number: number, state: ChannelState, fields: Fields): void => {
    const id = fields.long();
    if (number === 0 && id === METHOD.connectionClose) {
      const refusal = readRefusal(fields);
      connection.send(toMethod(0, METHOD.connectionCloseOk));
      throw refusal;
    }
    if (number !== 0 && id === METHOD.channelClose) {
      const refusal = readRefusal(fields);
      connection.send(toMethod(number, METHOD.channelCloseOk));
      channels.delete(number);
      fail(state, refusal);
    } else if (id === METHOD.basicDeliver && state.take !== null && state.incoming === null) {
      state.incoming = 'announced';
    } else if (state.call?.answer === id) {
      state.call.resolve(fields);
      state.call = null;
    } else if (number !== 0 || !BLOCKED.includes(id)) {
      throw new Error('it sends what was not asked for');
    }
  };

  const call = (number: number, id: number | null, args: readonly Buffer[], answer: number) => {
    const state = channels.get(number);
    const fault = connection.fault() ?? state?.fault ?? null;
    if (state === undefined || fault !== null) {
      return Promise.reject(fault ?? new Error('the channel was closed'));
    }
    const answered = new Promise<Fields>((resolve, reject) => {
      state.call = { answer, resolve, reject };
    });
    if (id !== null) connection.send(toMethod(number, id, args));
    return answered;
  };

  return {
    logIn: async (user, password, virtualHost) => {
      await opened;
      const started = call(0, null, [], METHOD.connectionStart);
      connection.send(PROTOCOL_HEADER);
      requirePlain(await started);
      const identity = table({
        product: 'autoscaler',
        capabilities: { authentication_failure_close: true },
      });
      const login = longText(`\0${user}\0${password}`);
      const startOk = [identity, shortText('PLAIN'), login, shortText('en_US')];
      const tune = await call(0, METHOD.connectionStartOk, startOk, METHOD.connectionTune);
      const [channelMax, frameMax] = [tune.short(), tune.long()];
      if (frameMax !== 0 && frameMax < LEAST_FRAME_BYTES) {
        throw new Error('it accepts no frames of the usual size');
      }
      mostChannels = channelMax || mostChannels;
      const frames = long(Math.min(frameMax || MOST_FRAME_BYTES, MOST_FRAME_BYTES));
      // no heartbeat: it is over before one would be due
      const tuned = [short(channelMax), frames, short(0)];
      connection.send(toMethod(0, METHOD.connectionTuneOk, tuned));
      const open = [shortText(virtualHost), shortText(''), octet(0)];
      await call(0, METHOD.connectionOpen, open, METHOD.connectionOpenOk);
    },
    openChannel: async () => {
      const number = Math.max(...channels.keys()) + 1;
      if (number > mostChannels) throw new Error(`it allows too few channels (${mostChannels})`);
      const state = newState();
      channels.set(number, state);
      await call(number, METHOD.channelOpen, [shortText('')], METHOD.channelOpenOk);
      return {
        number,
        call: (id, args, answer) => call(number, id, args, answer),
        onMessage: (take) => void (state.take = take),
        onFault: (take) => void (state.takeFault = take),
        send: connection.send,
      };
    },
    fault: connection.fault,
    close: async (goodbyeMs) => {
      if (connection.fault() === null && goodbyeMs > 0) {
        isClosing = true;
        const goodbye = [short(200), shortText(''), short(0), short(0)];
        connection.send(toMethod(0, METHOD.connectionClose, goodbye));
        const timer = setTimeout(hasEnded, goodbyeMs);
        await ended;
        clearTimeout(timer);
      }
      connection.end(new Error('the connection was ended'));
    },
  };
}

function newState(): ChannelState {
  return { call: null, fault: null, take: null, takeFault: null, incoming: null };
}

function fail(state: ChannelState, fault: Error): void {
  state.fault = fault;
  state.call?.reject(fault);
  state.call = null;
  state.takeFault?.(fault);
}

function readRefusal(fields: Fields): AmqpRefusal {
  const code = fields.short();
  const text = fields.shortText() || `it refused that (${code})`;
  return new AmqpRefusal(code, text, fields.long());
}

function requirePlain(start: Fields): void {
  start.short();
  start.longText();
  const mechanisms = start.longText().toString('latin1').split(' ');
  if (!mechanisms.includes('PLAIN'))
    throw new Error('it does not accept a user and password (PLAIN)');
}

/** The head of a message and its body, in as many frames as it likes. */
function takeContent(type: number, state: ChannelState, payload: Buffer): void {
  const { incoming } = state;
  if (type === FRAME.header && incoming === 'announced') {
    const head = readFields(payload);
    // class and weight
    head.long();
    const [high, low] = [head.long(), head.long()];
    if (high > 0 || low > MOST_MESSAGE_BYTES)
      throw new Error('it sends a message that is too large');
    state.incoming = { left: low, properties: payload.subarray(12), parts: [] };
  } else if (type === FRAME.body && incoming !== null && incoming !== 'announced') {
    incoming.left -= payload.length;
    if (incoming.left < 0)
      throw new Error('it sends a message whose length differs from the announced one');
    incoming.parts.push(payload);
  } else {
    throw new Error('it sends a part of a message that it did not announce');
  }
  const { incoming: now } = state;
  if (now === null || now === 'announced' || now.left > 0) return;
  state.incoming = null;
  state.take?.({ properties: now.properties, body: Buffer.concat(now.parts) });
}
