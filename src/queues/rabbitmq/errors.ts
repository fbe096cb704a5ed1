import { cleanText } from '../../model/clean-text.ts';
import { measureError, type MeasureError } from '../../model/measure-error.ts';
import { codeOf, type BrokerErrorCode } from '../broker-error.ts';
import { ConnectionClosed } from '../connection.ts';
import { AmqpRefusal } from './refusal.ts';
import { METHOD } from './frames.ts';
import { explainConnectionError } from '../connection-errors.ts';

/** What the server says (RabbitMQ's reply codes and texts), and what it means; without a code: `broker_error`. */
const SERVER: readonly [pattern: RegExp, meaning: string, code?: BrokerErrorCode][] = [
  [
    /ACCESS[_-]REFUSED.*(?:login|credentials|PLAIN)/i,
    'it refuses the user or password of the URL',
    'broker_login',
  ],
  [/ACCESS[_-]REFUSED.*vhost/i, 'the user of the URL may not use this virtual host'],
  [/ACCESS[_-]REFUSED/i, 'the user of the URL lacks a permission for it'],
  [/NOT[_-]ALLOWED.*(?:refused|access)/i, 'the user of the URL may not use this virtual host'],
  [/NOT[_-]ALLOWED.*vhost|vhost.*not found/i, 'it has no such virtual host'],
];

/** A fault of an AMQP connection or answer in plain words; what it says itself is cleaned and cut. */
export function explainAmqpError(error: Error): MeasureError<BrokerErrorCode> {
  const { message } = error;
  const right = tellRight(message, error instanceof AmqpRefusal ? error.method : 0);
  if (right !== null) return measureError('broker_error', right);
  const lost = explainConnectionError(error);
  if (lost !== null) return measureError('broker_unreachable', lost);
  if (error instanceof ConnectionClosed) return measureError('broker_unreachable', message);
  const [, meaning = cleanText(message), code = codeOf(error)] =
    SERVER.find(([pattern]) => pattern.test(message)) ?? [];
  return measureError(code, meaning);
}

/** Refused by its rules (403 ACCESS_REFUSED, 530 NOT_ALLOWED): asked again, it says the same. */
export function isLastingAmqpError(error: Error): boolean {
  return error instanceof AmqpRefusal && (error.code === 403 || error.code === 530);
}

/**
 * What each method that we send needs (https://www.rabbitmq.com/docs/access-control#authorisation), where the server does
 * not say it, as older ones do not. Passive declarations need nothing.
 */
const RIGHTS = new Map<number, string>([
  [METHOD.queueDeclare, 'configure'],
  [METHOD.basicConsume, 'read'],
  [METHOD.basicPublish, 'write'],
]);

/** `ACCESS_REFUSED - write access to exchange 'celery.pidbox' in vhost '/' refused for user 'scaler'`; older ones have no kind. */
function tellRight(message: string, method: number): string | null {
  const [, said, what, name] =
    /ACCESS[_-]REFUSED.*?(?:(configure|read|write) )?access to (queue|exchange) '([^']{1,255})'/i.exec(
      message,
    ) ?? [];
  if (what === undefined || name === undefined) return null;
  const right = said?.toLowerCase() ?? RIGHTS.get(method);
  const which = right === undefined ? 'a permission' : `the permission "${right}"`;
  return `the user of the URL lacks ${which} for the ${what.toLowerCase()} ${cleanText(name)}`;
}
