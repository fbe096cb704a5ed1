import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import type { BrokerUrl } from './broker-url.ts';

/**
 * What a broker URL asks of TLS, by the names that redis-py and Celery have for it. `at` names the
 * broker in errors.
 *
 * @throws Error in plain words where a file that it names cannot be read
 */
export function tlsOptions({ query }: BrokerUrl, at: string): ConnectionOptions {
  const files = { ca: 'ssl_ca_certs', cert: 'ssl_certfile', key: 'ssl_keyfile' } as const;
  const options: ConnectionOptions = {
    rejectUnauthorized: !/none$/i.test(query.get('ssl_cert_reqs') ?? ''),
  };
  if (/^(?:false|0|no)$/i.test(query.get('ssl_check_hostname') ?? '')) {
    options.checkServerIdentity = () => undefined;
  }
  for (const [option, name] of Object.entries(files)) {
    const path = query.get(name);
    if (path === null) continue;
    try {
      options[option as keyof typeof files] = readFileSync(path);
    } catch (error) {
      throw new Error(`${at}: ${name} cannot be read: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }
  return options;
}
