import assert from 'node:assert/strict';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { describe, test } from 'node:test';
import {
  countWaiting,
  findListeners,
  readTable,
  readTablesOnce,
} from '../../src/measure/listeners.ts';

describe('what a process listens on', () => {
  test('is told by its own sockets; tables that are read once show it as it was at first', async () => {
    const first = await listen();
    const read = readTablesOnce();
    assert.deepEqual(portsOf(read), [portOf(first)]);
    const second = await listen();
    assert.deepEqual(portsOf(read), [portOf(first)]);
    assert.deepEqual(portsOf(readTablesOnce()), [portOf(first), portOf(second)].sort());
    assert.equal(countWaiting(process.pid, read), 0);
    for (const server of [first, second]) server.close();
  });
});

describe('a table of sockets', () => {
  test('is read only where not all that the process holds were found in those before', async () => {
    const tablesOf = (): string[] => {
      const tables: string[] = [];
      findListeners(process.pid, (pid, name) => {
        tables.push(name);
        return readTable(pid, name);
      });
      return tables;
    };
    const path = join(tmpdir(), `autoscaler-${process.pid}.sock`);
    const local = createServer().listen(path);
    await once(local, 'listening');
    assert.deepEqual(tablesOf(), ['unix']);
    assert.deepEqual([...findListeners(process.pid).keys()], ['unix']);
    const web = await listen();
    assert.deepEqual(tablesOf(), ['unix', 'tcp']);
    assert.deepEqual([...findListeners(process.pid).keys()], ['unix', 'tcp']);
    for (const server of [local, web]) server.close();
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

function portsOf(read: ReturnType<typeof readTablesOnce>): string[] {
  const listeners = findListeners(process.pid, read).get('tcp') ?? [];
  return listeners.map(({ name }) => name).sort();
}
