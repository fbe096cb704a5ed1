import { cleanText } from '../model/clean-text.ts';
import { explainConnectionError } from './connection-errors.ts';

/** What the server says (RabbitMQ's reply codes and texts), and what it means. */
const SERVER: readonly [pattern: RegExp, meaning: string][] = [
  [/ACCESS[_-]REFUSED.*(?:login|credentials|PLAIN)/i, 'it refuses the user or password of the URL'],
  [/ACCESS[_-]REFUSED.*vhost/i, 'the user of the URL may not use this virtual host'],
  [/ACCESS[_-]REFUSED/i, 'the user of the URL lacks a permission for it'],
  [/NOT[_-]ALLOWED.*(?:refused|access)/i, 'the user of the URL may not use this virtual host'],
  [/NOT[_-]ALLOWED.*vhost|vhost.*not found/i, 'it has no such virtual host'],
];

/** A fault of an AMQP connection or answer in plain words; what it says itself is cleaned and cut. */
export function explainAmqpError(error: Error): string {
  const { message } = error;
  const known = SERVER.find(([pattern]) => pattern.test(message))?.[1];
  return explainConnectionError(error) ?? known ?? cleanText(message);
}
