import type { ConnectionOptions } from 'node:tls';
import { readFile } from '../host/files/read.ts';
import type { TlsSettings } from './queue.ts';

/**
 * The options with which Node makes the TLS connection that a broker's settings ask for.
 *
 * @throws Error in plain words if a file that they name cannot be read
 */
export function tlsOptions(tls: TlsSettings): ConnectionOptions {
  const options: ConnectionOptions = { rejectUnauthorized: tls.verify };
  if (!tls.checkHostname) options.checkServerIdentity = () => undefined;
  if (tls.caFile !== null) options.ca = readPem('ssl_ca_certs', tls.caFile);
  if (tls.certFile !== null) options.cert = readPem('ssl_certfile', tls.certFile);
  if (tls.keyFile !== null) options.key = readPem('ssl_keyfile', tls.keyFile);
  return options;
}

/** A host's bundle of certificates has a quarter of this size. */
const MOST_BYTES = 2 ** 20;

function readPem(name: string, path: string): Buffer {
  const read = readFile(path, MOST_BYTES);
  if ('bytes' in read) return read.bytes;
  throw new Error(`${name} cannot be read: ${path}: ${read.reason}`);
}
