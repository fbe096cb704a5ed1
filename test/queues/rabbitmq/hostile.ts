import type { Socket } from 'node:net';
import {
  FRAME,
  METHOD,
  createFrameReader,
  long,
  longText,
  octet,
  readFields,
  short,
  shortText,
  table,
  toFrame,
  toMethod,
  type Frame,
} from '../../../src/queues/rabbitmq/frames.ts';
import { ESCAPES, drip, noise, pour, type Behaviour } from '../hostile-server.ts';

/** An AMQP server that does wrong, and what is to be said of it. */
export interface HostileAmqp {
  name: string;
  behave: Behaviour;
  /** null: it does no harm, and its number of tasks is `counts` */
  says: RegExp | null;
  counts?: number;
  tls?: boolean;
  /** it is ended by the time limit */
  slow?: boolean;
}

const NO_AMQP = /what answers there is not RabbitMQ/;
const CLOSED = /closed the connection|was cut/;
const LATE = /no answer within [\d.]+ s/;
const UNASKED = /it sends what was not asked for$/;
const NO_CHANNEL = /a frame for a channel that is not open$/;

const METHODS = new Map<number, keyof typeof METHOD>(
  Object.entries(METHOD).map(([name, id]) => [id, name as keyof typeof METHOD]),
);

type Steps = Partial<
  Record<keyof typeof METHOD, (frame: Frame, socket: Socket) => Buffer | string>
>;

const START = toMethod(0, METHOD.connectionStart, [
  ...[octet(0), octet(9), table({ product: 'RabbitMQ' }), longText('PLAIN AMQPLAIN')],
  longText('en_US'),
]);
const tune = (channels: number, frame: number, heartbeat: number) =>
  toMethod(0, METHOD.connectionTune, [short(channels), long(frame), short(heartbeat)]);
const closeConnection = (code: number, text: string) =>
  toMethod(0, METHOD.connectionClose, [short(code), shortText(text), short(0), short(0)]);
const closeChannel = (channel: number, code: number, text: string) =>
  toMethod(channel, METHOD.channelClose, [short(code), shortText(text), short(0), short(0)]);
const counted = (channel: number, count: number, queue = 'celery') =>
  toMethod(channel, METHOD.queueDeclareOk, [shortText(queue), long(count), long(0)]);
/** A method that AMQP does not know. */
const unknownMethod = (channel: number) => toFrame(FRAME.method, channel, long(0x0bad_0bad));

/** A RabbitMQ with one task in the queue `celery`, but for the steps that are given. */
export function rabbitThat(steps: Steps): Behaviour {
  const usual: Steps = {
    connectionStartOk: () => tune(2047, 131_072, 60),
    connectionTuneOk: () => '',
    connectionOpen: () => toMethod(0, METHOD.connectionOpenOk, [shortText('')]),
    connectionClose: () => toMethod(0, METHOD.connectionCloseOk),
    channelOpen: ({ channel }) => toMethod(channel, METHOD.channelOpenOk, [longText('')]),
    queueDeclare: ({ channel }) => counted(channel, 1),
    exchangeDeclare: ({ channel }) => toMethod(channel, METHOD.exchangeDeclareOk),
    basicConsume: ({ channel }) => toMethod(channel, METHOD.basicConsumeOk, [shortText('c')]),
  };
  const all = { ...usual, ...steps };
  return (socket) => {
    const read = createFrameReader((frame) => {
      if (frame.type !== FRAME.method) return;
      const name = METHODS.get(readFields(frame.payload).long());
      const answer = name === undefined ? undefined : all[name]?.(frame, socket);
      if (answer !== undefined && answer.length > 0) socket.write(answer);
    });
    socket.once('data', () => {
      const greeting = all.connectionStart?.({ type: 0, channel: 0, payload: START }, socket);
      socket.write(greeting ?? START);
      socket.on('data', read);
    });
  };
}

const HEARTBEATS = Buffer.concat(
  Array.from({ length: 1000 }, () => toFrame(FRAME.heartbeat, 0, Buffer.alloc(0))),
);

const at = (name: string, steps: Steps, says: RegExp | null, more: Partial<HostileAmqp> = {}) => ({
  name,
  behave: rabbitThat(steps),
  says,
  ...more,
});
/** Instead of the count of the queue. */
const counts = (name: string, answer: (channel: number) => Buffer, says: RegExp): HostileAmqp =>
  at(name, { queueDeclare: ({ channel }) => answer(channel) }, says);
/** Right before the count of the queue. */
const before = (
  name: string,
  frames: (channel: number) => Buffer,
  says: RegExp | null,
): HostileAmqp =>
  at(
    name,
    { queueDeclare: ({ channel }) => Buffer.concat([frames(channel), counted(channel, 1)]) },
    says,
  );
const greets = (name: string, greeting: string | Buffer, says: RegExp): HostileAmqp => ({
  name,
  behave: (socket) => void socket.write(greeting),
  says,
});
const STEPS = [
  'connectionStart',
  'connectionStartOk',
  'connectionOpen',
  'channelOpen',
  'queueDeclare',
] as const;

const deepTable = (depth: number): Buffer => {
  let inner = Buffer.alloc(0);
  for (let i = 0; i < depth; i++) {
    inner = Buffer.concat([shortText('x'), Buffer.from('F'), long(inner.length), inner]);
  }
  return longText(inner);
};
const startWith = (properties: Buffer, mechanisms = 'PLAIN') =>
  toMethod(0, METHOD.connectionStart, [
    ...[octet(0), octet(9), properties, longText(mechanisms), longText('en_US')],
  ]);

export const HOSTILE_AMQP: readonly HostileAmqp[] = [
  before('a frame for an unknown channel', () => unknownMethod(77), NO_CHANNEL),
  before('an answer on an unknown channel', () => counted(77, 5), NO_CHANNEL),
  counts(
    'the count and a frame for an unknown channel',
    (channel) => Buffer.concat([counted(channel, 1), counted(77, 5)]),
    NO_CHANNEL,
  ),
  before('an unknown class and method', unknownMethod, UNASKED),
  before('an unknown method on the connection', () => unknownMethod(0), UNASKED),
  before(
    'a method without a number',
    (channel) => toFrame(FRAME.method, channel, octet(0)),
    /cut off$/,
  ),
  before('a method of the handshake again', () => tune(1, 4096, 1), UNASKED),
  before(
    'a message that nobody wanted',
    (channel) =>
      toMethod(channel, METHOD.basicDeliver, [
        shortText(''),
        Buffer.alloc(9),
        shortText(''),
        shortText(''),
      ]),
    UNASKED,
  ),
  before(
    'a message that came back',
    (channel) =>
      toFrame(
        FRAME.method,
        channel,
        Buffer.concat([long(0x003c_0032), short(312), shortText('x')]),
      ),
    UNASKED,
  ),
  before(
    'a head without a message',
    (channel) => toFrame(FRAME.header, channel, Buffer.alloc(14)),
    /did not announce$/,
  ),
  before(
    'a body without a message',
    (channel) => toFrame(FRAME.body, channel, Buffer.from('x')),
    /did not announce$/,
  ),
  before(
    'a consumer that it cancels',
    (channel) =>
      toFrame(FRAME.method, channel, Buffer.concat([long(0x003c_001e), shortText('c'), octet(1)])),
    UNASKED,
  ),
  before('a frame of an unknown kind', (channel) => toFrame(9, channel, Buffer.alloc(4)), NO_AMQP),
  before(
    'a frame with a wrong end',
    () => Buffer.from([1, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0x00]),
    NO_AMQP,
  ),
  before(
    'a frame of 4 GB',
    () => Buffer.from([1, 0, 1, 0xff, 0xff, 0xff, 0xff]),
    /frame that is too large$/,
  ),
  before(
    'a frame larger than agreed',
    () => Buffer.from([1, 0, 1, 0, 0x10, 0, 0]),
    /frame that is too large$/,
  ),
  before('heartbeats', () => HEARTBEATS, null),
  before(
    'that it is blocked',
    () => toFrame(FRAME.method, 0, Buffer.concat([long(0x000a_003c), shortText(ESCAPES)])),
    null,
  ),
  counts(
    'the count of another queue',
    (channel) => counted(channel, 5, 'other'),
    /for another queue$/,
  ),
  counts(
    'a count that is cut off',
    (channel) => toMethod(channel, METHOD.queueDeclareOk, [shortText('celery'), short(1)]),
    /cut off$/,
  ),
  counts('no count', (channel) => toMethod(channel, METHOD.queueDeclareOk), /cut off$/),
  counts(
    'a name longer than its frame',
    (channel) => toMethod(channel, METHOD.queueDeclareOk, [octet(255), Buffer.from('celery')]),
    /cut off$/,
  ),
  at('a count of 2^32-1', { queueDeclare: ({ channel }) => counted(channel, 0xffff_ffff) }, null, {
    counts: 0xffff_ffff,
  }),
  counts(
    'the channel closed, with escapes',
    (channel) => closeChannel(channel, 406, `PRECONDITION ${ESCAPES}`),
    /PRECONDITION red/,
  ),
  counts(
    'the channel closed, with nothing',
    (channel) => closeChannel(channel, 0, ''),
    /it refused that \(0\)$/,
  ),
  counts(
    'the channel closed, cut off',
    (channel) => toMethod(channel, METHOD.channelClose, [short(404), octet(200)]),
    /cut off$/,
  ),
  counts(
    'the connection closed',
    () => closeConnection(541, `INTERNAL_ERROR ${ESCAPES}`),
    /INTERNAL_ERROR red/,
  ),
  counts(
    'the connection closed by force',
    () => closeConnection(320, 'CONNECTION_FORCED - bye'),
    /CONNECTION_FORCED - bye$/,
  ),
  counts(
    'the connection closed, as well',
    () => closeConnection(200, ''),
    /it refused that \(200\)$/,
  ),
  counts(
    'the channel closed twice',
    (channel) => Buffer.concat([closeChannel(channel, 406, 'x'), closeChannel(channel, 406, 'x')]),
    NO_CHANNEL,
  ),
  counts(
    'a text of escapes, 255 long',
    (channel) => closeChannel(channel, 406, '\x1b[31mx'.repeat(42)),
    /: x{42}$/,
  ),
  at('no frame size', { connectionStartOk: () => tune(0, 0, 0) }, null),
  at(
    'the largest of all limits',
    { connectionStartOk: () => tune(0xffff, 0xffff_ffff, 0xffff) },
    null,
  ),
  at(
    'a frame size of 1',
    { connectionStartOk: () => tune(2047, 1, 0) },
    /no frames of the usual size$/,
  ),
  at('a heartbeat a second', { connectionStartOk: () => tune(2047, 131_072, 1) }, null),
  at('one channel', { connectionStartOk: () => tune(1, 131_072, 0) }, null),
  at(
    'no limits at all',
    { connectionStartOk: () => toMethod(0, METHOD.connectionTune) },
    /cut off$/,
  ),
  at(
    'a challenge',
    {
      connectionStartOk: () =>
        toFrame(FRAME.method, 0, Buffer.concat([long(0x000a_0014), longText('who?')])),
    },
    UNASKED,
  ),
  at(
    'a wrong password',
    {
      connectionStartOk: () =>
        closeConnection(
          403,
          'ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN',
        ),
    },
    /refuses the user or password/,
  ),
  at('the handshake in another order', { connectionStart: () => tune(1, 4096, 0) }, UNASKED),
  at('the handshake on another channel', { connectionStart: () => unknownMethod(3) }, NO_CHANNEL),
  at(
    'other mechanisms',
    { connectionStart: () => startWith(table({}), 'GSSAPI PLAINISH') },
    /not accept a user and password/,
  ),
  at('a table nested 10,000 deep', { connectionStart: () => startWith(deepTable(10_000)) }, null),
  at(
    'a table longer than its frame',
    { connectionStart: () => startWith(Buffer.concat([long(0x7fff_ffff), Buffer.alloc(10)])) },
    /cut off$/,
  ),
  at(
    'everything at once, before it is asked',
    { connectionStart: () => Buffer.concat([START, tune(0, 0, 0), counted(1, 5)]) },
    /not asked for$|not open$/,
  ),
  at('no answer to the goodbye', { connectionClose: () => '' }, null),
  at('garbage for a goodbye', { connectionClose: () => noise(10_000) }, null),
  at(
    'a count, and then bytes without an end',
    {
      connectionClose: (_, socket) => {
        pour(socket, HEARTBEATS);
        return '';
      },
    },
    null,
  ),
  ...STEPS.map((step) =>
    at(
      `closing at ${step}`,
      {
        [step]: (_: Frame, socket: Socket) => {
          socket.destroy();
          return '';
        },
      },
      CLOSED,
    ),
  ),
  ...STEPS.map((step) =>
    at(
      `half an answer at ${step}`,
      {
        [step]: (_: Frame, socket: Socket) => {
          socket.end(START.subarray(0, 9));
          return '';
        },
      },
      CLOSED,
    ),
  ),
  ...STEPS.map((step) =>
    at(`no answer at ${step}`, { [step]: () => Buffer.alloc(0) }, LATE, { slow: true }),
  ).slice(1),
  at(
    'byte by byte',
    {
      connectionStart: (_, socket) => {
        drip(socket, START, 50);
        return '';
      },
    },
    LATE,
    { slow: true },
  ),
  at(
    'frames without an end',
    {
      channelOpen: (_, socket) => {
        pour(socket, HEARTBEATS);
        return '';
      },
    },
    /more than 256 KB$/,
  ),
  greets('bytes of no meaning', noise(100_000), NO_AMQP),
  greets('another version of AMQP', 'AMQP\x00\x01\x00\x00', NO_AMQP),
  greets('a Redis', '-ERR unknown command\r\n', NO_AMQP),
  greets('a web server', 'HTTP/1.1 400 Bad Request\r\n\r\n', NO_AMQP),
  {
    name: 'zeros without an end',
    behave: (socket) => pour(socket, Buffer.alloc(10_000)),
    says: NO_AMQP,
  },
  { name: 'an echo', behave: (socket) => void socket.pipe(socket), says: NO_AMQP },
  { name: 'closing at once', behave: (socket) => socket.destroy(), says: CLOSED },
  { name: 'saying nothing', behave: () => undefined, says: LATE, slow: true },
  { ...greets('bytes of no meaning instead of TLS', noise(5000), /TLS|SSL/), tls: true },
];
