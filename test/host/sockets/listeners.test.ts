import assert from 'node:assert/strict';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { describe, test } from 'node:test';
import { tooMuch } from '../../../src/host/kernel-files.ts';
import { findListeners, readListenersOnce } from '../../../src/host/sockets/listeners.ts';

describe('what a process listens on', () => {
  test('is told by its own sockets; tables that are read once show it as it was at first', async () => {
    const first = await listen();
    const read = readListenersOnce([process.pid]);
    assert.deepEqual(portsOf(read), [portOf(first)]);
    const second = await listen();
    assert.deepEqual(portsOf(read), [portOf(first)]);
    assert.deepEqual(
      portsOf(readListenersOnce([process.pid])),
      [portOf(first), portOf(second)].sort(),
    );
    for (const server of [first, second]) server.close();
  });

  test('is found in the tables of TCP first, which hold no text of anybody', async () => {
    const path = join(tmpdir(), `autoscaler-${process.pid}.sock`);
    const local = createServer().listen(path);
    await once(local, 'listening');
    const web = await listen();
    const real = readListenersOnce([process.pid]);
    const { inode } = real(process.pid, 'tcp')[0]!;
    const { listeners } = findListeners(process.pid, (pid, name) => [
      ...real(pid, name),
      ...(name === 'unix' ? [{ inode, name: '/false', waiting: null }] : []),
    ]);
    const told = [...listeners].map(([name, each]) => [name, each.map((one) => one.name)]);
    assert.deepEqual(told, [
      ['tcp', [portOf(web)]],
      ['unix', [path]],
    ]);
    for (const server of [local, web]) server.close();
  });

  test('a table of Unix sockets that cannot be read leaves its sockets unread', async () => {
    const web = await listen();
    const real = readListenersOnce([process.pid]);
    const { listeners, unread } = findListeners(process.pid, (pid, name) => {
      if (name === 'unix') throw tooMuch('/proc/net/unix', 'too long');
      return real(pid, name);
    });
    assert.deepEqual([...listeners.keys()], ['tcp']);
    assert.ok(!unread.includes(listeners.get('tcp')![0]!.inode));
    web.close();
  });
});

async function listen(): Promise<Server> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function portOf(server: Server): string {
  return String((server.address() as AddressInfo).port);
}

function portsOf(read: ReturnType<typeof readListenersOnce>): string[] {
  const ours = findListeners(process.pid, read).listeners.get('tcp') ?? [];
  return ours.map(({ name }) => name).sort();
}
