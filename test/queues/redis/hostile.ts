import { ESCAPES, drip, noise, pour, type Behaviour } from '../hostile-server.ts';

/** A Redis that does wrong, and what is to be said of it. `tls`: it is asked by TLS. */
export interface HostileRedis {
  name: string;
  behave: Behaviour;
  says: RegExp;
  tls?: boolean;
  /** it is ended by the time limit */
  slow?: boolean;
}

const NO_COUNT = /its answer is not a number of tasks$/;
const NO_WHOLE = /it sends a number that is not an integer$/;
const NO_REDIS = /what answers there is not Redis$/;
const CLOSED = /closed the connection|was cut/;
const LATE = /no answer within [\d.]+ s/;

/** Answers each command of the connection; `answers` by name, by default as a Redis with one task in each list. */
export function redisThat(answers: Record<string, string>): Behaviour {
  return (socket) => {
    socket.on('data', (bytes) => {
      for (const name of listCommands(bytes)) {
        socket.write(answers[name] ?? (name === 'llen' ? ':1\r\n' : '+OK\r\n'));
      }
    });
  };
}

const lengthIs = (name: string, answer: string, says: RegExp): HostileRedis => ({
  name: `a length that is ${name}`,
  behave: redisThat({ llen: answer }),
  says,
});
const greets = (name: string, greeting: string | Buffer, says: RegExp): HostileRedis => ({
  name,
  behave: (socket) => void socket.write(greeting),
  says,
});
const onceAsked =
  (act: Behaviour): Behaviour =>
  (socket) =>
    void socket.once('data', () => act(socket));

/** Names of the commands in what was sent. */
const listCommands = (bytes: Buffer): string[] =>
  bytes
    .toString()
    .split(/^\*\d+\r\n\$\d+\r\n/m)
    .slice(1)
    .map((command) => command.split('\r\n')[0]!.toLowerCase());

/** Answers the commands that come first, an answer after another; `twice`: to which lengths two. */
const oneByOne =
  (twice: 'each' | 'the first'): Behaviour =>
  (socket) =>
    void socket.once('data', (bytes) => {
      let lengths = 0;
      const left = listCommands(bytes).flatMap((name) => {
        if (!/len$/.test(name)) return ['+OK'];
        lengths += 1;
        return twice === 'each' || lengths === 1 ? [':1', ':2'] : [':1'];
      });
      const timer = setInterval(() => {
        const answer = left.shift();
        if (answer === undefined || socket.destroyed) clearInterval(timer);
        else socket.write(`${answer}\r\n`);
      }, 20);
    });

export const HOSTILE_REDIS: readonly HostileRedis[] = [
  {
    name: 'no room for one client more, as is said once to all that was asked',
    behave: (socket) => void socket.end('-ERR max number of clients reached\r\n'),
    says: /it accepts no more connections$/,
  },
  lengthIs('negative', ':-5\r\n', NO_COUNT),
  lengthIs('nil', '$-1\r\n', NO_COUNT),
  lengthIs('a nil list', '*-1\r\n', NO_COUNT),
  lengthIs('a state', '+7\r\n', NO_COUNT),
  lengthIs('a text', '$1\r\n7\r\n', NO_COUNT),
  lengthIs('a list', '*1\r\n:7\r\n', NO_COUNT),
  lengthIs('an empty list', '*0\r\n', NO_COUNT),
  lengthIs('a list in a list', '*1\r\n*1\r\n:7\r\n', NO_COUNT),
  lengthIs('beyond what is exact', ':9007199254740993\r\n', NO_COUNT),
  lengthIs('exact alone, but not with the others', ':9007199254740991\r\n', NO_COUNT),
  lengthIs('too long', ':99999999999999999999999\r\n', NO_WHOLE),
  lengthIs('NaN', ':NaN\r\n', NO_WHOLE),
  lengthIs('Infinity', ':Infinity\r\n', NO_WHOLE),
  lengthIs('4e26', ':4e26\r\n', NO_WHOLE),
  lengthIs('a fraction', ':1.5\r\n', NO_WHOLE),
  lengthIs('minus nothing', ':-0\r\n', NO_WHOLE),
  lengthIs('empty', ':\r\n', NO_WHOLE),
  lengthIs('a number and letters', ':7x\r\n', NO_WHOLE),
  lengthIs('a double of RESP3', ',1.5\r\n', NO_REDIS),
  lengthIs('a NaN of RESP3', ',nan\r\n', NO_REDIS),
  lengthIs('an infinity of RESP3', ',inf\r\n', NO_REDIS),
  lengthIs('a big number of RESP3', '(34928903284093850943850943850943825024385\r\n', NO_REDIS),
  lengthIs('a boolean of RESP3', '#t\r\n', NO_REDIS),
  lengthIs('a null of RESP3', '_\r\n', NO_REDIS),
  lengthIs('a map of RESP3', '%1\r\n+a\r\n:7\r\n', NO_REDIS),
  lengthIs('a set of RESP3', '~1\r\n:7\r\n', NO_REDIS),
  lengthIs('a verbatim text of RESP3', '=5\r\ntxt:7\r\n', NO_REDIS),
  lengthIs('a blob error of RESP3', '!5\r\nERR x\r\n', NO_REDIS),
  lengthIs('behind an attribute of RESP3', '|1\r\n+a\r\n+b\r\n:7\r\n', NO_REDIS),
  lengthIs('behind a push of RESP3', '>2\r\n+message\r\n+x\r\n:7\r\n', NO_REDIS),
  lengthIs('an error with escapes', `-ERR ${ESCAPES}\r\n`, /ERR red/),
  lengthIs('an error of 5 MB', `-ERR ${'x'.repeat(5_000_000)}\r\n`, /a line of more than 8 KB$/),
  lengthIs('an error without an end', '-ERR x', LATE),
  lengthIs('nested 10,000 deep', `${'*1\r\n'.repeat(10_000)}:1\r\n`, /nested too deep$/),
  lengthIs('a list of 100,000', `*100000\r\n${':1\r\n'.repeat(100_000)}`, /list that is too long$/),
  lengthIs('a list that goes on', '*1000000000\r\n:1\r\n', /list that is too long$/),
  lengthIs('lists that go on', `${'*19999\r\n'.repeat(3)}:1\r\n`, /list that is too long$/),
  lengthIs('a text of another length', '$1\r\n1234\r\n', /length differs/),
  lengthIs('a text of 10 MB', `$10000000\r\n${'x'.repeat(10_000_000)}\r\n`, /more than 256 KB$/),
  lengthIs('a text of a negative length', '$-7\r\n', /a length below 0$/),
  lengthIs('two answers', ':1\r\n:2\r\n', /it sent an unrequested answer$/),
  {
    name: 'a length that is two answers, each by itself',
    behave: oneByOne('each'),
    says: /it sent an unrequested answer$/,
  },
  {
    name: 'an answer too many before the last',
    behave: oneByOne('the first'),
    says: /it sent an unrequested answer$/,
  },
  lengthIs('elsewhere', '-MOVED 3999 10.0.0.1:6379\r\n', /part of a cluster/),
  lengthIs('not told to this user', '-NOPERM no permissions\r\n', /may not run LLEN/),
  lengthIs('not told yet', '-LOADING Redis is loading\r\n', /still loading/),
  lengthIs('behind a password', '-NOAUTH Authentication required.\r\n', /requires a password/),
  {
    name: 'a database that is selected by a number',
    behave: redisThat({ select: ':1\r\n' }),
    says: /what answers there is not Redis$/,
  },
  {
    name: 'a database that is refused with a password of ours in it',
    behave: redisThat({ select: '-WRONGPASS s3cret\r\n' }),
    says: /refuses the user or password/,
  },
  {
    name: 'answers in another order',
    behave: redisThat({ select: ':1\r\n', llen: '+OK\r\n' }),
    says: /what answers there is not Redis$/,
  },
  greets(
    'numbers before anything was asked',
    ':7\r\n'.repeat(7),
    /what answers there is not Redis$/,
  ),
  greets(
    'more answers than questions, before anything was asked',
    '+OK\r\n'.repeat(100),
    /unrequested answer$/,
  ),
  greets('bytes of no meaning', noise(100_000), NO_REDIS),
  greets('a web server', 'HTTP/1.1 400 Bad Request\r\n\r\n', NO_REDIS),
  greets('an SSH server', 'SSH-2.0-OpenSSH_9.2\r\n', NO_REDIS),
  greets('zeros', Buffer.alloc(1000), NO_REDIS),
  { name: 'an echo', behave: (socket) => void socket.pipe(socket), says: /Redis/ },
  { name: 'closing at once', behave: (socket) => socket.destroy(), says: CLOSED },
  { name: 'closing when asked', behave: onceAsked((socket) => socket.destroy()), says: CLOSED },
  {
    name: 'resetting when asked',
    behave: onceAsked((socket) => void socket.resetAndDestroy()),
    says: CLOSED,
  },
  {
    name: 'closing in the middle of an answer',
    behave: onceAsked((socket) => void socket.end('+OK\r\n+OK\r\n:1\r\n:')),
    says: CLOSED,
  },
  {
    name: 'answers without an end',
    behave: (socket) => pour(socket, '+OK\r\n'.repeat(1000)),
    says: /unrequested answer$|more than 256 KB$/,
  },
  {
    name: 'a line without an end',
    behave: (socket) => pour(socket, '+'.repeat(10_000)),
    says: /a line of more than 8 KB$/,
  },
  {
    name: 'a text without an end',
    behave: onceAsked((socket) => {
      socket.write('$100000000\r\n');
      pour(socket, 'x'.repeat(10_000));
    }),
    says: /more than 256 KB$/,
  },
  { name: 'saying nothing', behave: () => undefined, says: LATE, slow: true },
  {
    name: 'closing its half, and saying nothing',
    behave: (socket) => void socket.end(),
    says: CLOSED,
  },
  {
    name: 'a byte now and then',
    behave: (socket) => drip(socket, '+OK', 100),
    says: LATE,
    slow: true,
  },
  {
    name: 'a long text byte by byte',
    behave: (socket) => {
      socket.write('$200000\r\n');
      drip(socket, 'x', 1);
    },
    says: LATE,
    slow: true,
  },
  { ...greets('bytes of no meaning instead of TLS', noise(5000), /TLS|SSL/), tls: true },
  { name: 'no TLS at all', behave: () => undefined, says: LATE, tls: true, slow: true },
  {
    name: 'TLS that is cut off',
    behave: onceAsked((socket) => void socket.end('\x16\x03\x03\x00\x7a\x02')),
    says: /closed the connection|was cut|TLS|SSL/,
    tls: true,
  },
];
