import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import type { TlsSettings } from './broker.ts';

/**
 * What Node needs for what a broker's settings ask of TLS.
 *
 * @throws Error in plain words where a file that they name cannot be read
 */
export function tlsOptions(tls: TlsSettings): ConnectionOptions {
  const options: ConnectionOptions = { rejectUnauthorized: tls.verify };
  if (!tls.checkHostname) options.checkServerIdentity = () => undefined;
  if (tls.caFile !== null) options.ca = readFile('ssl_ca_certs', tls.caFile);
  if (tls.certFile !== null) options.cert = readFile('ssl_certfile', tls.certFile);
  if (tls.keyFile !== null) options.key = readFile('ssl_keyfile', tls.keyFile);
  return options;
}

function readFile(name: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Error(`${name} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
