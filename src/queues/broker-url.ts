/** One broker URL in parts, decoded as Celery's own library does it. */
export interface ServerUrl {
  /** redis, rediss, redis+socket, sentinel, amqp … */
  scheme: string;
  host: string;
  port: number | null;
  /** if the scheme is one for sockets */
  socketPath: string | null;
  user: string | null;
  password: string | null;
  /** what follows the first slash: a database number or a virtual host */
  path: string;
  query: URLSearchParams;
}

/**
 * Splits the URL of one server into its parts; null: it is not a URL. `new URL` would refuse forms that Celery accepts:
 * no host (`redis://:secret@/0`), an unescaped `%`.
 */
export function parseServerUrl(url: string): ServerUrl | null {
  const parts = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?/.exec(url);
  if (parts === null) return null;
  const [, name = '', authority = '', path = '', query = ''] = parts;
  const scheme = name.toLowerCase();
  const at = authority.lastIndexOf('@');
  const [user = '', ...password] = authority.slice(0, Math.max(at, 0)).split(':');
  const place = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d*))?$/.exec(authority.slice(at + 1));
  if (place === null) return null;
  const port = place[3] ?? '';
  if (Number(port) > 65_535) return null;
  const isSocket = scheme === 'redis+socket' || scheme === 'unix';
  if (isSocket && path === '') return null;
  return {
    scheme,
    host: decode(place[1] ?? place[2] ?? '') || '127.0.0.1',
    port: port === '' ? null : Number(port),
    socketPath: isSocket ? `/${decode(path)}` : null,
    user: decode(user) || null,
    password: decode(password.join(':')) || null,
    path: decode(path),
    query: new URLSearchParams(query),
  };
}

/** What is not a valid escape stays as it is. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
