import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { MeasureError } from '../../../src/model/measure-error.ts';
import {
  countByName,
  parseTcpHeld,
  parseTcpListeners,
  parseUnixHeld,
  parseUnixListeners,
  type Listener,
} from '../../../src/host/sockets/sockets.ts';

const WANTED = new Set(['7', '8', '17', '20']);

const tell = (listeners: readonly Listener[]): string =>
  listeners
    .map(({ inode, name, waiting }) => `${inode} listens on ${name}, ${waiting} wait`)
    .join('; ');

const tellHeld = (held: ReadonlyMap<string, string>): string =>
  [...held].map(([inode, name]) => `${inode} came in on ${name}`).join('; ');

const TCP_HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const tcp = (local: string, state: string, rx: string, inode: number): string =>
  `   0: ${local} 00000000:0000 ${state} 00000000:${rx} 00:00000000 00000000     0        0 ${inode} 1 0000000000000000 100 0 0 10 0\n`;

const PORT_8000 = '0100007F:1F40';

describe('the listening sockets of TCP', () => {
  const rows: [rule: string, text: string, expected: string][] = [
    ['nobody listens', '', ''],
    [
      'the length of the accept queue, in hexadecimal, is that of a listening socket',
      tcp(PORT_8000, '0A', '0000001A', 17),
      '17 listens on 8000, 26 wait',
    ],
    ["somebody else's", tcp(PORT_8000, '0A', '0000001A', 18), ''],
    [
      'behind the first connection that is held there is none',
      [
        tcp(PORT_8000, '03', '00000000', 0),
        tcp(PORT_8000, '0A', '00000001', 17),
        tcp(PORT_8000, '01', '00000005', 18),
        tcp(PORT_8000, '0A', '00000001', 20),
      ].join(''),
      '17 listens on 8000, 1 wait',
    ],
    [
      'IPv6',
      tcp('00000000000000000000000000000000:0050', '0A', '00000000', 20),
      '20 listens on 80, 0 wait',
    ],
  ];
  for (const [rule, text, expected] of rows)
    test(rule, () => assert.equal(tell(parseTcpListeners([TCP_HEAD + text], WANTED)), expected));

  test('what comes after the first connection is not even read', () => {
    function* endless(): Generator<string> {
      yield tcp(PORT_8000, '0A', '00000002', 17) + tcp(PORT_8000, '01', '00000000', 18);
      assert.fail('more is read');
    }
    assert.equal(tell(parseTcpListeners(endless(), WANTED)), '17 listens on 8000, 2 wait');
  });

  test("among 200,000 of somebody else's", () => {
    function* pieces(): Generator<string> {
      for (let at = 0; at < 200; at++) yield tcp(PORT_8000, '0A', '00000001', 99).repeat(1000);
      yield tcp(PORT_8000, '0A', '00000003', 17);
    }
    assert.equal(tell(parseTcpListeners(pieces(), WANTED)), '17 listens on 8000, 3 wait');
  });
});

describe('what sockets of TCP came in on', () => {
  const rows: [rule: string, text: string, expected: string][] = [
    ['an accepted connection', tcp(PORT_8000, '01', '00000005', 18), '18 came in on 8000'],
    [
      'a client that has gone leaves one',
      tcp(PORT_8000, '08', '00000001', 19),
      '19 came in on 8000',
    ],
    ['one that nobody has accepted yet is held by nobody', tcp(PORT_8000, '01', '0', 0), ''],
    ['a listening one', tcp(PORT_8000, '0A', '00000001', 17), ''],
  ];
  for (const [rule, text, expected] of rows)
    test(rule, () => assert.equal(tellHeld(parseTcpHeld([TCP_HEAD + text])), expected));
});

const UNIX_HEAD = 'Num       RefCount Protocol Flags    Type St Inode Path\n';
const unix = (flags: string, state: string, inode: string, path = ''): string =>
  `00000000735f803b: 00000003 00000000 ${flags} 0001 ${state} ${inode.padStart(5)}${path && ` ${path}`}\n`;
const PATH = '/run/a b.sock';
const LISTENS = unix('00010000', '01', '7', PATH);
const WAITS = unix('00000000', '02', '0', PATH);

describe('Unix sockets that seem to listen', () => {
  const rows: [rule: string, text: string, expected: string[]][] = [
    ['it listens', LISTENS, ['7']],
    ["somebody else's", unix('00010000', '01', '9', PATH), []],
    ['a connection', unix('00000000', '03', '7', PATH), []],
    ['a name that is no file', unix('00010000', '01', '8', '@web'), ['8']],
    [
      'what is in a name adds some, and takes none away',
      `${unix('00000000', '03', '5', `@x\n${LISTENS}${unix('00000000', '03', '8', 'no')}`)}${unix('00010000', '01', '8', '/c')}`,
      ['7', '8'],
    ],
  ];
  for (const [rule, text, expected] of rows) {
    test(rule, () => {
      const found = parseUnixListeners([UNIX_HEAD + text], WANTED);
      assert.deepEqual(
        found.map(({ inode, waiting }) => [inode, waiting]),
        expected.map((inode) => [inode, null]),
      );
    });
  }
});

describe('what Unix sockets came in on', () => {
  const accepted = unix('00000000', '03', '1858668', PATH);
  const rows: [rule: string, text: string, expected: string][] = [
    ['an accepted one has the path of its listener', accepted, `1858668 came in on ${PATH}`],
    ['a listening one, and what waits for it', LISTENS + WAITS, ''],
    ['the client has no path', unix('00000000', '03', '9'), '9 came in on '],
    [
      'one that stands there twice, with different names',
      unix('00000000', '03', '9') + unix('00000000', '03', '9', PATH),
      '9 came in on ',
    ],
  ];
  for (const [rule, text, expected] of rows)
    test(rule, () => assert.equal(tellHeld(parseUnixHeld([UNIX_HEAD + text])), expected));
});

describe('what waits for a Unix socket, by its name', () => {
  const listeners = [{ inode: '7', name: PATH, waiting: null }];
  const rows: [rule: string, text: string, expected: number | MeasureError][] = [
    ['nothing', LISTENS, 0],
    ['each connection that waits is a line without an inode', WAITS.repeat(3) + LISTENS, 3],
    ['what waits for another socket', LISTENS + unix('00000000', '02', '0', '/run/c'), 0],
    ['an accepted connection', LISTENS + unix('00000000', '03', '1858668', PATH), 0],
    [
      'two sockets of the same path cannot be told apart',
      LISTENS + WAITS + unix('00010000', '01', '9', PATH),
      { code: 'unclear', text: `another socket has the path ${PATH} too` },
    ],
  ];
  for (const [rule, text, expected] of rows)
    test(rule, () => assert.deepEqual(countByName([UNIX_HEAD + text], listeners), expected));
});
