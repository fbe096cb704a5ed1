import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { countWaiting } from '../../../src/host/sockets/backlog.ts';
import {
  findListeners,
  NO_SOCKET,
  readListenersOnce,
  readTable,
} from '../../../src/host/sockets/listeners.ts';
import { parseUnixListeners } from '../../../src/host/sockets/sockets.ts';
import { askUnixQueues } from '../../../src/host/sockets/unix-queues.ts';
import { tooMuch } from '../../../src/host/kernel-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'autoscaler-backlog-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Listens on a Unix socket and on TCP, and accepts nothing: 3 wait for the one, 2 for the other. */
const SERVER = `
import socket, sys
what, path = sys.argv[1:]
held = []
def serve(family, address, count):
    server = socket.socket(family)
    server.bind(address)
    server.listen()
    held.append(server)
    for _ in range(count):
        held.append(socket.socket(family))
        held[-1].connect(server.getsockname())
if what != "tcp": serve(socket.AF_UNIX, path, 3)
if what != "unix": serve(socket.AF_INET, ("127.0.0.1", 0), 2)
print("ready", flush=True)
sys.stdin.read()`;

/** Binds sockets by these names, in which there are whole lines. */
const FORGER = `
import socket, sys
held = []
for line in sys.argv[1:]:
    held.append(socket.socket(socket.AF_UNIX))
    held[-1].bind(b"\\0x\\n" + line.encode())
print("ready", flush=True)
sys.stdin.read()`;

async function start(script: string, ...args: string[]) {
  const child = spawn('/usr/bin/python3', ['-c', script, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return { pid: child.pid!, stop: () => child.stdin.end() };
}

const line = (flags: string, state: string, inode: string, path: string): string =>
  `0000000000000000: 00000002 00000000 ${flags} 0001 ${state} ${inode} ${path}`;

describe('what waits for services', () => {
  let services: { name: string; pid: number; waits: number; stop: () => void }[];
  const count = () => {
    const pids = services.map(({ pid }) => pid);
    return countWaiting(pids, readListenersOnce(pids));
  };
  const pathOf = (name: string): string => `${name}.sock`;

  before(async () => {
    services = [];
    process.chdir(folder);
    for (const [name, waits] of [
      ['unix', 3],
      ['tcp', 2],
      ['both', 5],
    ] as const) {
      services.push({ name, waits, ...(await start(SERVER, name, pathOf(name))) });
    }
  });
  after(() => {
    for (const { stop } of services) stop();
  });

  async function assertCounted(): Promise<void> {
    const found = await count();
    for (const { name, pid, waits } of services) assert.equal(found.get(pid), waits, name);
  }

  test('is counted', () => assertCounted());

  test('whatever the sockets of others are called', async () => {
    const lines = services.flatMap(({ name, pid }) => {
      const inodes = [...findListeners(pid).listeners.values()].flat().map(({ inode }) => inode);
      const path = pathOf(name);
      return [
        line('00000000', '02', '0', path),
        ...inodes.flatMap((inode) => [
          line('00010000', '01', inode, path),
          line('00010000', '01', inode, '/elsewhere'),
          line('00000000', '03', inode, path),
        ]),
      ];
    });
    const forger = await start(FORGER, ...lines);
    try {
      // they are there, and look real
      const inodes = new Set(
        findListeners(services[1]!.pid)
          .listeners.get('tcp')!
          .map(({ inode }) => inode),
      );
      assert.equal(parseUnixListeners(readTable(process.pid, 'unix'), inodes).length, 2);
      await assertCounted();
    } finally {
      forger.stop();
    }
  });

  test('where there are too many sockets for the table', async () => {
    const pids = services.map(({ pid }) => pid);
    const real = readListenersOnce(pids);
    const found = await countWaiting(pids, (pid, name) => {
      if (name === 'unix') throw tooMuch('/proc/net/unix', 'too long');
      return real(pid, name);
    });
    for (const { name, pid, waits } of services) assert.equal(found.get(pid), waits, name);
  });

  test('nothing is known of who listens on nothing, or is gone; the others are counted', async () => {
    const none = await start('import sys; print("ready", flush=True); sys.stdin.read()');
    services.push(
      { name: 'none', waits: 0, ...none },
      { name: 'gone', waits: 0, pid: 2 ** 22 + 1, stop: () => undefined },
    );
    const found = await count();
    services.splice(-2);
    none.stop();
    assert.deepEqual(found.get(none.pid), NO_SOCKET);
    assert.deepEqual(found.get(2 ** 22 + 1), {
      code: 'unseen',
      text: 'the sockets of its main process cannot be seen (ENOENT)',
    });
    for (const { name, pid, waits } of services) assert.equal(found.get(pid), waits, name);
  });
});

describe('the kernel, asked for the queues of Unix sockets', () => {
  test('says of each whether it listens, and what waits', async () => {
    const server = await start(SERVER, 'unix', 'asked.sock');
    const { listeners } = findListeners(server.pid);
    const { inode } = listeners.get('unix')![0]!;
    const connected = /^\S+ \S+ \S+ 00000000 0001 03 +(\d+)/m.exec(
      readFileSync('/proc/net/unix', 'utf8'),
    )![1]!;
    const { lengths, error } = await askUnixQueues([inode, connected, '4294967295']);
    assert.deepEqual(
      [...lengths],
      [
        [inode, 3],
        [connected, null],
        ['4294967295', null],
      ],
    );
    assert.equal(error, null);
    server.stop();
  });
});
