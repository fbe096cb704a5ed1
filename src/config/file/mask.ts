const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:\/*/;
const PARAMETER = /[?&][^&\s]*/g;

/**
 * A URL as people may see it: `redis://user:***@host/0`. Text that holds no password comes back as it is.
 * All up to the last `@` counts as credentials, so that a password with an `@` in it (which a URL
 * must not hold, but people write) is hidden whole.
 */
export function maskUrl(text: string): string {
  return maskCredentials(text).replace(PARAMETER, maskParameter);
}

function maskParameter(parameter: string): string {
  const equals = parameter.indexOf('=');
  const name = parameter.slice(0, equals + 1);
  return /pass/i.test(name) ? `${name}***` : parameter;
}

function maskCredentials(text: string): string {
  const at = text.lastIndexOf('@');
  const scheme = SCHEME.exec(text.slice(0, Math.max(at, 0)))?.[0];
  if (scheme === undefined) return text;
  const credentials = text.slice(scheme.length, at);
  const colon = credentials.indexOf(':');
  const user = colon === -1 ? '' : credentials.slice(0, colon + 1);
  return `${scheme}${user}***${text.slice(at)}`;
}
