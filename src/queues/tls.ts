import type { ConnectionOptions } from 'node:tls';
import { readFile } from '../host/files/read.ts';
import type { TlsSettings } from './queue.ts';

/**
 * What Node needs for what a broker's settings ask of TLS.
 *
 * @throws Error in plain words where a file that they name cannot be read
 */
export function tlsOptions(tls: TlsSettings): ConnectionOptions {
  const options: ConnectionOptions = { rejectUnauthorized: tls.verify };
  if (!tls.checkHostname) options.checkServerIdentity = () => undefined;
  if (tls.caFile !== null) options.ca = readPem('ssl_ca_certs', tls.caFile);
  if (tls.certFile !== null) options.cert = readPem('ssl_certfile', tls.certFile);
  if (tls.keyFile !== null) options.key = readPem('ssl_keyfile', tls.keyFile);
  return options;
}

/** A host's bundle of certificates has a quarter of this. */
const MOST_BYTES = 2 ** 20;

function readPem(name: string, path: string): Buffer {
  const read = readFile(path, MOST_BYTES);
  if ('bytes' in read) return read.bytes;
  throw new Error(`${name} cannot be read: ${path}: ${read.reason}`);
}
