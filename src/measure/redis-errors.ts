/** What the server says, by the start of its answer, and what it means. */
const SERVER: readonly [pattern: RegExp, meaning: string][] = [
  [/^NOAUTH/, 'it wants a password, and the broker URL has none'],
  [/^WRONGPASS|^ERR invalid password/, 'it refuses the user or password of the broker URL'],
  [/^NOPERM/, 'the user of the broker URL may not read the queue (command LLEN)'],
  [/^WRONGTYPE/, 'the key of that name is no list, so it is no Celery queue'],
  [/^LOADING/, 'it is still loading its data'],
  [/^ERR DB index is out of range/, 'it has no database of the number in the broker URL'],
  [/^ERR max number of clients/, 'it takes no more connections'],
  [/^MASTERDOWN/, 'it is a replica that has lost its master'],
];

/** Faults of the way there, by Node's code. */
const CONNECTION: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ETIMEDOUT: 'no connection in time',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name cannot be looked up now',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed; name it in ssl_ca_certs',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is of an unknown authority; name it in ssl_ca_certs',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'its certificate is of an unknown authority; name it in ssl_ca_certs',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'its certificate is of an unknown authority; name it in ssl_ca_certs',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host name',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS there (redis:// instead of rediss://?)',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS there (redis:// instead of rediss://?)',
};

/** A fault of a Redis connection or answer in plain words. */
export function explainRedisError(error: Error): string {
  const { message } = error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const meaning = CONNECTION[code] ?? SERVER.find(([pattern]) => pattern.test(message))?.[1];
  if (meaning !== undefined) return meaning;
  if (message.startsWith('Unknown RESP type')) return 'what answers there is no Redis';
  if (message.startsWith('Connection is closed')) {
    return 'it closes the connection (a Redis with TLS wants rediss://)';
  }
  return message;
}
