import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readServed } from '../../src/measure/served.ts';

const folder = mkdtempSync(join(tmpdir(), 'autoscaler-served-'));
const servers: Server[] = [];
before(() => process.chdir(folder));
after(() => {
  process.chdir('/');
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true });
});

async function listen(at: string | { host: string; port: number }): Promise<string> {
  const server = createServer((socket) => socket.destroy());
  servers.push(server);
  await new Promise<void>((done) => server.listen(at, done));
  const address = server.address();
  return typeof address === 'object' ? `:${address?.port}` : `unix:${address}`;
}

async function read(): Promise<Record<string, string | null>> {
  const served = (await readServed(process.pid)) ?? [];
  return Object.fromEntries(served.map(({ address, fault }) => [address, fault]));
}

test('addresses as people write them, paths as the program gave them', async () => {
  const local = `127.0.0.1${await listen({ host: '127.0.0.1', port: 0 })}`;
  const any = `0.0.0.0${await listen({ host: '0.0.0.0', port: 0 })}`;
  const six = `[::1]${await listen({ host: '::1', port: 0 })}`;
  const path = await listen(join(folder, 'a b.sock'));
  const relative = await listen('here.sock');
  const found = await read();
  for (const address of [local, any, six, path, relative]) {
    assert.equal(found[address], null, `${address} in ${JSON.stringify(found)}`);
  }
});

test('a path that is gone, or is a link by now, is a fault; a moved socket is not looked for', async () => {
  const path = join(folder, 'moved.sock');
  const address = await listen(path);
  renameSync(path, `${path}.away`);
  assert.match((await read())[address] ?? '', /no such socket/);
  symlinkSync(`${path}.away`, path);
  assert.match((await read())[address] ?? '', /no such socket/);
  renameSync(`${path}.away`, path);
  assert.equal((await read())[address], null);
});

test('a process that is gone listens on nothing that could be seen', async () => {
  assert.ok([null, 0].includes((await readServed(2 ** 22 - 1))?.length ?? null));
});
