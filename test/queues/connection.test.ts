import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type TLSSocket } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { openConnection, type Place } from '../../src/queues/connection.ts';
import { makeCertificate } from './certificate.ts';

/** Which server the client asks for, of several behind one address; false: it does not say. */
async function askedFor(host: string): Promise<string | false> {
  const folder = mkdtempSync(join(tmpdir(), 'autoscaler-connection-'));
  const { caFile, keyFile } = makeCertificate(folder);
  const [cert, key] = [readFileSync(caFile), readFileSync(keyFile)];
  const server = createServer({ cert, key });
  try {
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const asked = new Promise<string | false>((done) =>
      server.once('secureConnection', (socket: TLSSocket) => {
        socket.on('error', () => undefined);
        done((socket.servername as string | false | undefined) || false);
      }),
    );
    const { port } = server.address() as AddressInfo;
    const place: Place = { host, port, tls: { rejectUnauthorized: false } };
    const events = { onBytes: () => undefined, onEnd: () => undefined };
    const connection = openConnection(place, 1000, events);
    await connection.opened;
    const name = await asked;
    connection.end(new Error('done'));
    return name;
  } finally {
    await new Promise((done) => server.close(done));
    rmSync(folder, { recursive: true });
  }
}

test('by TLS a server is asked for by its name, and by an address without one', async () => {
  assert.equal(await askedFor('localhost'), 'localhost');
  assert.equal(await askedFor('127.0.0.1'), false);
});
