import { parseServerUrl, type ServerUrl } from './broker-url.ts';
import type { Broker, BrokerSettings, SslOptions, TlsSettings } from './queue.ts';
import { BACKENDS, findBackend } from './registry.ts';

/** @throws Error in plain words, without a password */
export function resolveBroker(settings: BrokerSettings): Broker {
  const parts = splitUrls(settings.url);
  const urls = parts.map(parseServerUrl);
  const [first] = urls;
  const backend = findBackend(parts[0] ?? '');
  if (backend === undefined || first === undefined || first === null || urls.includes(null)) {
    const forms = BACKENDS.map(({ form }) => form).join(' or ');
    throw new Error(`the broker URL is not of the form ${forms}`);
  }
  const scheme = backend.schemes[first.scheme]!;
  const tls = readTls(first, scheme.tls === true, settings.ssl);
  const withTls = Object.values(backend.schemes).find((each) => each.tls === true);
  const port = tls !== null && scheme.usesTlsPort === true ? withTls!.port : scheme.port;
  const known = urls.filter((each) => each !== null);
  return backend.resolve(known, { tls, port }, settings);
}

/** All URLs but the first may leave out the scheme. */
function splitUrls(url: string): string[] {
  const [first = '', ...others] = url.split(';').filter((each) => each !== '');
  const scheme = /^[^:/]*:\/\//.exec(first)?.[0] ?? '';
  return [first, ...others.map((each) => (each.includes('://') ? each : scheme + each))];
}

/** From the URL's query first, then `broker_use_ssl`; certificates are checked unless a setting says otherwise. */
function readTls(
  { query }: ServerUrl,
  byScheme: boolean,
  ssl: boolean | SslOptions = false,
): TlsSettings | null {
  const given = typeof ssl === 'object' ? ssl : {};
  const inQuery = [...query.keys()].some((key) => key.startsWith('ssl_'));
  if (!byScheme && ssl === false && !inQuery) return null;
  const read = (name: 'ca_certs' | 'certfile' | 'keyfile' | 'cert_reqs'): string | null =>
    query.get(`ssl_${name}`) ?? given[`ssl_${name}`] ?? given[name] ?? null;
  const checked = query.get('ssl_check_hostname') ?? String(given.ssl_check_hostname ?? true);
  return {
    verify: !/none$/i.test(read('cert_reqs') ?? ''),
    checkHostname: !/^(?:false|0|no)$/i.test(checked),
    caFile: read('ca_certs'),
    certFile: read('certfile'),
    keyFile: read('keyfile'),
  };
}
