import { cleanText } from '../model/clean-text.ts';
import { CLOSED } from './connection.ts';
import { explainConnectionError } from './connection-errors.ts';

/** What the server says, by the start of its answer, and what it means. */
const SERVER: readonly [pattern: RegExp, meaning: string][] = [
  [/^NOAUTH/, 'it wants a password, and the broker URL has none'],
  [/^WRONGPASS|^ERR invalid password/, 'it refuses the user or password of the broker URL'],
  [/^NOPERM/, 'the user of the broker URL may not read the queue: the command is not allowed'],
  [/^WRONGTYPE/, 'the key of that name is no list, so it is no Celery queue'],
  [/^LOADING/, 'it is still loading its data'],
  [/^ERR DB index is out of range/, 'it has no database of the number in the broker URL'],
  [/^ERR max number of clients/, 'it takes no more connections'],
  [/^MASTERDOWN/, 'it is a replica that has lost its master'],
  [/^(?:MOVED|ASK|CLUSTERDOWN)\b/, 'it is part of a cluster, which Celery cannot use'],
];

/** A fault of a Redis connection or answer in plain words; what it says itself is cleaned and cut. */
export function explainRedisError(error: Error): string {
  const { message } = error;
  const known = SERVER.find(([pattern]) => pattern.test(message))?.[1];
  const meaning = explainConnectionError(error) ?? known;
  if (meaning !== undefined) return meaning;
  return message === CLOSED ? `${CLOSED} (a Redis with TLS wants rediss://)` : cleanText(message);
}
