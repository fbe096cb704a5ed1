import { explainConnectionError } from './connection-errors.ts';

/** What the server says (RabbitMQ's reply codes and texts), and what it means. */
const SERVER: readonly [pattern: RegExp, meaning: string][] = [
  [/ACCESS[_-]REFUSED.*(?:login|credentials|PLAIN)/i, 'it refuses the user or password of the URL'],
  [/ACCESS[_-]REFUSED.*vhost/i, 'the user of the URL may not use this virtual host'],
  [/ACCESS[_-]REFUSED/i, 'the user of the URL lacks a permission for it'],
  [/NOT[_-]ALLOWED.*(?:refused|access)/i, 'the user of the URL may not use this virtual host'],
  [/NOT[_-]ALLOWED.*vhost|vhost.*not found/i, 'it has no such virtual host'],
  [
    /Expected ConnectionOpenOk/,
    'it has no such virtual host, or the user of the URL may not use it',
  ],
  [/Socket closed abruptly during opening handshake/, 'it closes the connection at once'],
];

/** A fault of an AMQP connection or answer in plain words. */
export function explainAmqpError(error: Error): string {
  const { message } = error;
  const known = SERVER.find(([pattern]) => pattern.test(message))?.[1];
  return explainConnectionError(error) ?? known ?? message;
}
