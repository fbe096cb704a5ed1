import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseTcpTable, parseUnixTable, type SocketTable } from '../../src/measure/sockets.ts';

const tell = ({ listeners, held, nameless }: SocketTable): string =>
  [
    ...listeners.map(({ inode, name, waiting }) => `${inode} listens on ${name}, ${waiting} wait`),
    ...[...held].map(([inode, name]) => `${inode} came in on ${name}`),
    ...[...nameless].map((inode) => `${inode} has no name`),
  ].join('; ');

const TCP_HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const tcp = (local: string, state: string, rx: string, inode: number): string =>
  `   0: ${local} 00000000:0000 ${state} 00000000:${rx} 00:00000000 00000000     0        0 ${inode} 1 0000000000000000 100 0 0 10 0\n`;

describe('the table of TCP sockets', () => {
  const rows: [rule: string, text: string, expected: string][] = [
    ['nobody listens', '', ''],
    [
      'the length of the accept queue, in hexadecimal, is that of a listening socket',
      tcp('0100007F:1F40', '0A', '0000001A', 17),
      '17 listens on 8000, 26 wait',
    ],
    ['an accepted connection', tcp('0100007F:1F40', '01', '00000005', 18), '18 came in on 8000'],
    [
      'a client that has gone leaves one',
      tcp('0100007F:1F40', '08', '00000001', 19),
      '19 came in on 8000',
    ],
    ['one that nobody has accepted yet is held by nobody', tcp('0100007F:1F40', '01', '0', 0), ''],
    [
      'IPv6',
      tcp('00000000000000000000000000000000:0050', '0A', '00000000', 20),
      '20 listens on 80, 0 wait',
    ],
  ];
  for (const [rule, text, expected] of rows)
    test(rule, () => assert.equal(tell(parseTcpTable([TCP_HEAD + text])), expected));
});

const UNIX_HEAD = 'Num       RefCount Protocol Flags    Type St Inode Path\n';
const unix = (flags: string, state: string, inode: string, path = ''): string =>
  `00000000735f803b: 00000003 00000000 ${flags} 0001 ${state} ${inode.padStart(5)}${path && ` ${path}`}\n`;
const LISTENS = unix('00010000', '01', '7', '/run/a b.sock');

describe('the table of Unix sockets', () => {
  const rows: [rule: string, text: string, expected: string][] = [
    ['it listens', LISTENS, '7 listens on /run/a b.sock, 0 wait'],
    [
      'each connection that waits is a line without an inode',
      LISTENS + unix('00000000', '02', '0', '/run/a b.sock').repeat(3),
      '7 listens on /run/a b.sock, 3 wait',
    ],
    [
      'an accepted one has the path of its listener',
      LISTENS + unix('00000000', '03', '1858668', '/run/a b.sock'),
      '7 listens on /run/a b.sock, 0 wait; 1858668 came in on /run/a b.sock',
    ],
    [
      'what waits for another socket',
      LISTENS + unix('00000000', '02', '0', '/run/c'),
      tell(parseUnixTable([LISTENS])),
    ],
    [
      'the client has no path',
      LISTENS + unix('00000000', '03', '9'),
      '7 listens on /run/a b.sock, 0 wait; 9 has no name',
    ],
    ['a name that is no file', unix('00010000', '01', '8', '@web'), '8 listens on @web, 0 wait'],
  ];
  for (const [rule, text, expected] of rows)
    test(rule, () => assert.equal(tell(parseUnixTable([UNIX_HEAD + text])), expected));
});
