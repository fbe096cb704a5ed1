/** What can go wrong on the way to a server, by Node's error code. */
const CONNECTION: Record<string, string> = {
  ECONNREFUSED: 'nothing is listening there',
  ENOENT: 'there is no such socket',
  EACCES: 'this user may not use its socket',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  EADDRNOTAVAIL: 'this host has no route to such an address',
  EINVAL: 'this host has no route to such an address',
  ETIMEDOUT: 'no connection in time',
  ENOTFOUND: 'the host name is unknown',
  EAI_AGAIN: 'the host name cannot be looked up now',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed; name it in ssl_ca_certs',
  SELF_SIGNED_CERT_IN_CHAIN:
    'its certificate was issued by an unknown authority; name that in ssl_ca_certs',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'its certificate was issued by an unknown authority; name that in ssl_ca_certs',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'its certificate was issued by an unknown authority; name that in ssl_ca_certs',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    'it requires a client certificate: name it in ssl_certfile and ssl_keyfile',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host name',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS there (one "s" too much in the URL?)',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS there (one "s" too much in the URL?)',
};

/** What prevented a connection, in plain words; null: something else. */
export function explainConnectionError(error: Error): string | null {
  return CONNECTION[(error as NodeJS.ErrnoException).code ?? ''] ?? null;
}
