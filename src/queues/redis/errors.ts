import { cleanText } from '../../model/clean-text.ts';
import { measureError, type MeasureError } from '../../model/measure-error.ts';
import { codeOf, type BrokerErrorCode } from '../broker-error.ts';
import { ConnectionClosed } from '../connection.ts';
import { explainConnectionError } from '../connection-errors.ts';
import { RedisError, type Command } from './client.ts';

/** What the server's answers mean, by how they start; without a code: `broker_error`. */
const SERVER: readonly [pattern: RegExp, meaning: string, code?: BrokerErrorCode][] = [
  [/^NOAUTH/, 'it requires a password, and the broker URL has none', 'broker_login'],
  [
    /^WRONGPASS|^ERR invalid password/,
    'it refuses the user or password of the broker URL',
    'broker_login',
  ],
  [
    /^ERR (?:AUTH <password> called|Client sent AUTH)/,
    'it has no password, but the broker URL gives one, which Celery does not accept',
    'broker_login',
  ],
  [/^READONLY/, 'it is a read-only replica: name the master'],
  [/^WRONGTYPE/, 'the key of that name is not a list, so it is not a Celery queue'],
  [/^LOADING/, 'it is still loading its data'],
  [/^ERR DB index is out of range/, 'it does not have the database number in the broker URL'],
  [/^ERR max number of clients/, 'it accepts no more connections'],
  [/^MASTERDOWN/, 'it is a replica that has lost its master'],
  [/^(?:MOVED|ASK|CLUSTERDOWN)\b/, 'it is part of a cluster, which Celery cannot use'],
];

/** Answers that stay the same until somebody changes the URL, the user or the server. */
const LASTING = /^(?:NOAUTH|WRONGPASS|NOPERM|READONLY|ERR (?:invalid password|AUTH |Client sent))/;

/** A fault of a Redis connection or answer in plain words; the server's own text is cleaned and shortened. */
export function explainRedisError(error: Error): MeasureError<BrokerErrorCode> {
  const { message } = error;
  if (message.startsWith('NOPERM')) {
    return measureError('broker_error', tellNotAllowed(message, commandOf(error)));
  }
  const lost = explainConnectionError(error);
  if (lost !== null) return measureError('broker_unreachable', lost);
  if (error instanceof ConnectionClosed) {
    return measureError('broker_unreachable', `${message} (Redis with TLS needs rediss://)`);
  }
  const [, meaning = cleanText(message), code = codeOf(error)] =
    SERVER.find(([pattern]) => pattern.test(message)) ?? [];
  return measureError(code, meaning);
}

/** Whether it is useless to ask again. */
export function isLastingRedisError(error: Error): boolean {
  return LASTING.test(error.message);
}

function commandOf(error: Error): Command | null {
  return error instanceof RedisError ? error.command : null;
}

/**
 * What the user may not do, by what was asked; Redis itself does not name keys and channels ("… no permissions to access one of
 * the channels used as arguments"), https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/
 */
function tellNotAllowed(message: string, command: Command | null): string {
  const [word = '', subject = ''] = command ?? [];
  const said = /'([^']{1,60})' command/.exec(message)?.[1] ?? '';
  const name = cleanText(String(word === '' ? said : word)).toLowerCase();
  const user = 'the user of the broker URL';
  if (name === '') return `${user} lacks a permission: ${cleanText(message)}`;
  const shown = name.toUpperCase();
  const what = cleanText(String(subject));
  if (/\bchannels?\b/i.test(message)) {
    return `${user} may not use the channel ${what} (${shown}): its ACL lacks &${what}`;
  }
  if (/\bkeys?\b/i.test(message)) {
    return `${user} may not use the key ${what} (${shown}): its ACL lacks ~${what}`;
  }
  return `${user} may not run ${shown}: its ACL lacks +${name}`;
}
