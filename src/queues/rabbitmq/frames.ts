/** What a connection begins with: AMQP 0-9-1, https://www.rabbitmq.com/resources/specs/amqp0-9-1.pdf */
export const PROTOCOL_HEADER = Buffer.from('AMQP\x00\x00\x09\x01', 'latin1');

/** Kinds of frames. */
export const FRAME = { method: 1, header: 2, body: 3, heartbeat: 8 } as const;

/** Classes. */
export const BASIC = 60;

/** Methods, each by its class and its own number. */
export const METHOD = {
  connectionStart: method(10, 10),
  connectionStartOk: method(10, 11),
  connectionTune: method(10, 30),
  connectionTuneOk: method(10, 31),
  connectionOpen: method(10, 40),
  connectionOpenOk: method(10, 41),
  connectionClose: method(10, 50),
  connectionCloseOk: method(10, 51),
  channelOpen: method(20, 10),
  channelOpenOk: method(20, 11),
  channelClose: method(20, 40),
  channelCloseOk: method(20, 41),
  exchangeDeclare: method(40, 10),
  exchangeDeclareOk: method(40, 11),
  queueDeclare: method(50, 10),
  queueDeclareOk: method(50, 11),
  basicConsume: method(BASIC, 20),
  basicConsumeOk: method(BASIC, 21),
  basicPublish: method(BASIC, 40),
  basicDeliver: method(BASIC, 60),
} as const;

function method(classId: number, methodId: number): number {
  return classId * 0x10000 + methodId;
}

/** The largest frame that is taken, in bytes with its frame: what RabbitMQ proposes. */
export const MOST_FRAME_BYTES = 131_072;

const HEAD_BYTES = 7;
const FRAME_END = 0xce;

export interface Frame {
  type: number;
  channel: number;
  payload: Buffer;
}

/** What is said of a server that speaks another protocol. */
const NO_AMQP = 'what answers there is not RabbitMQ (with TLS it needs amqps://)';

/**
 * Reads frames as they come, in any pieces; each byte is copied once. Returns what takes the bytes and throws an Error in plain words
 * where they are none.
 */
export function createFrameReader(onFrame: (frame: Frame) => void): (bytes: Buffer) => void {
  let pieces: Buffer[] = [];
  let size = 0;
  let wanted = 1;
  return (bytes) => {
    pieces.push(bytes);
    size += bytes.length;
    if (size < wanted) return;
    let rest = Buffer.concat(pieces);
    wanted = 1;
    while (rest.length > 0) {
      const end = findFrameEnd(rest);
      if (rest.length < end) {
        wanted = end;
        break;
      }
      if (rest[end - 1] !== FRAME_END) throw new Error(NO_AMQP);
      const [type, channel] = [rest.readUInt8(0), rest.readUInt16BE(1)];
      onFrame({ type, channel, payload: rest.subarray(HEAD_BYTES, end - 1) });
      rest = rest.subarray(end);
    }
    pieces = [rest];
    size = rest.length;
  };
}

/** How many bytes are needed for what is to be known of a frame next: its head, or the whole of it. */
function findFrameEnd(bytes: Buffer): number {
  if (!Object.values<number>(FRAME).includes(bytes[0]!)) throw new Error(NO_AMQP);
  if (bytes.length < HEAD_BYTES) return HEAD_BYTES;
  const end = HEAD_BYTES + bytes.readUInt32BE(3) + 1;
  if (end > MOST_FRAME_BYTES) throw new Error('it sends a frame that is too large');
  return end;
}

export function toFrame(type: number, channel: number, payload: Buffer): Buffer {
  return Buffer.concat([octet(type), short(channel), longText(payload), octet(FRAME_END)]);
}

export function toMethod(channel: number, id: number, args: readonly Buffer[] = []): Buffer {
  return toFrame(FRAME.method, channel, Buffer.concat([long(id), ...args]));
}

export function octet(value: number): Buffer {
  return Buffer.from([value]);
}

export function short(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

export function long(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** @throws Error for one of more than 255 bytes */
export function shortText(text: string): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length > 255) throw new Error('a name has more than 255 bytes');
  return Buffer.concat([octet(bytes.length), bytes]);
}

export function longText(text: string | Buffer): Buffer {
  const bytes = Buffer.from(text as string);
  return Buffer.concat([long(bytes.length), bytes]);
}

/** A table of texts, numbers, switches and tables. */
export interface Table {
  [name: string]: string | number | boolean | Table;
}

export function table(values: Table): Buffer {
  return longText(
    Buffer.concat(
      Object.entries(values).flatMap(([name, value]) => [shortText(name), ...field(value)]),
    ),
  );
}

function field(value: Table[string]): Buffer[] {
  if (typeof value === 'string') return [Buffer.from('S'), longText(value)];
  if (typeof value === 'boolean') return [Buffer.from('t'), octet(value ? 1 : 0)];
  if (typeof value === 'number') return [Buffer.from('I'), long(value)];
  return [Buffer.from('F'), table(value)];
}

/** Reads the arguments of a method one after another; each throws where there are none left. */
export interface Fields {
  octet: () => number;
  short: () => number;
  long: () => number;
  shortText: () => string;
  /** also the bytes of a table */
  longText: () => Buffer;
}

export function readFields(payload: Buffer): Fields {
  let at = 0;
  const take = (length: number): Buffer => {
    if (at + length > payload.length) throw new Error('it sends a method that is cut off');
    at += length;
    return payload.subarray(at - length, at);
  };
  const fields: Fields = {
    octet: () => take(1).readUInt8(),
    short: () => take(2).readUInt16BE(),
    long: () => take(4).readUInt32BE(),
    shortText: () => take(fields.octet()).toString(),
    longText: () => take(fields.long()),
  };
  return fields;
}
